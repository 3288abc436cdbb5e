#!/usr/bin/env python3
"""Measures what pii-detector finds, and what it takes for personal data.

  pip install faker==40.63.0
  cargo build --profile staging -p kt-policy --example redact
  personal_data.py REDACT recall
  personal_data.py REDACT documents [FOUND.jsonl]

REDACT is the program that was built. `recall` makes values with Faker in its locales but those that
the detectors were written with (en_US, en_GB, de_DE, fr_FR, es_ES, it_IT, nl_NL, pl_PL), and prints
a table for each kind and locale. `documents` reads the documentation of a Debian system, sources of
Python and the READMEs of crates, and prints how many values were taken for personal data; each is
written to FOUND.jsonl with what stands around it."""
import collections
import glob
import json
import os
import random
import re
import subprocess
import sys

REDACT, COMMAND = sys.argv[1], sys.argv[2]
COUNT = 20
DEVELOPED_WITH = {"en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL"}
CARDS = ["visa", "visa16", "visa19", "mastercard", "amex", "discover", "jcb", "jcb15", "jcb16", "diners"]
# Countries without IBANs, for which Faker makes numbers nevertheless.
NO_IBAN = {"bn_BD", "en_IN", "en_PH", "es_AR", "es_CO", "es_MX", "fa_IR", "fil_PH", "th", "th_TH", "tl_PH", "zh_CN"}
# What stands before a phone number in a locale.
PHONE = {
    "am_ET": "ስልክ ቁጥር: {}", "ar_AE": "رقم الهاتف هو {}", "ar_DZ": "هاتف: {}", "ar_JO": "رقم الجوال {}", "ar_PS": "هاتفي {}",
    "az_AZ": "Telefon nömrəm {}", "bg_BG": "Телефонът ми е {}", "bn_BD": "আমার ফোন নম্বর {}", "bs_BA": "Moj broj telefona je {}",
    "cs_CZ": "Můj telefon je {}", "da_DK": "Mit telefonnummer er {}", "de_AT": "Meine Telefonnummer ist {}", "de_CH": "Tel. {}",
    "de_LI": "Mobil: {}", "de_LU": "Telefon: {}", "el_GR": "Το τηλέφωνό μου είναι {}", "en_AU": "My phone number is {}",
    "en_CA": "Call me at {}", "en_IN": "Mobile no. {}", "en_NZ": "My mobile is {}", "en_PH": "Contact: {}", "es_AR": "Mi celular es {}",
    "es_CL": "Mi teléfono es {}", "es_CO": "Mi número de celular es {}", "es_MX": "Teléfono: {}", "fa_IR": "شماره تلفن من {}",
    "fi_FI": "Puhelinnumeroni on {}", "fil_PH": "Telepono: {}", "fr_CH": "Mon téléphone: {}", "fr_DZ": "Mon numéro de téléphone est le {}",
    "he_IL": "מספר הטלפון שלי {}", "hi_IN": "मेरा फ़ोन नंबर {}", "hr_HR": "Moj broj telefona je {}", "hu_HU": "A telefonszámom {}",
    "hy_AM": "Հեռախոս՝ {}", "id_ID": "Nomor telepon saya {}", "it_CH": "Il mio telefono è {}", "ja_JP": "電話番号は{}です", "ka_GE": "ტელეფონი: {}",
    "ko_KR": "전화번호는 {}", "lt_LT": "Mano telefono numeris {}", "lv_LV": "Mans telefons ir {}", "mk_MK": "Телефон: {}", "mr_IN": "माझा फोन {}",
    "ne_NP": "फोन {}", "nl_BE": "Mijn telefoonnummer is {}", "no_NO": "Telefonnummeret mitt er {}", "pt_BR": "Meu celular é {}",
    "pt_PT": "O meu telemóvel é {}", "ro_RO": "Numărul meu de telefon este {}", "ru_RU": "Мой телефон: {}", "sk_SK": "Moje telefónne číslo je {}",
    "sl_SI": "Moja telefonska številka je {}", "sv_SE": "Mitt telefonnummer är {}", "ta_IN": "தொலைபேசி எண் {}", "th_TH": "เบอร์โทร {}",
    "tl_PH": "Telepono: {}", "tr_TR": "Telefon numaram {}", "tw_GH": "My phone number is {}", "uk_UA": "Мій телефон: {}", "uz_UZ": "Telefon raqamim {}",
    "vi_VN": "Số điện thoại của tôi là {}", "zh_CN": "我的手机号是{}", "zh_TW": "我的電話是{}",
}
# What stands before a national identifier in a locale.
NATIONAL = {
    "ar_DZ": "رقم التعريف الوطني {}", "az_AZ": "FİN kodum {}", "bn_BD": "NID {}", "de_AT": "Sozialversicherungsnummer {}", "de_CH": "AHV-Nummer {}",
    "el_GR": "ΑΜΚΑ {}", "en_CA": "My SIN is {}", "en_PH": "SSS number {}", "es_AR": "CUIT {}", "es_MX": "Número de seguridad social {}", "es_VE": "Cédula {}",
    "et_EE": "Isikukood {}", "fi_FI": "Henkilötunnus {}", "fr_CH": "Numéro AVS {}", "fr_DZ": "NIN {}", "he_IL": "תעודת זהות {}",
    "hr_HR": "OIB {}", "hu_HU": "Személyi szám {}", "ko_KR": "주민등록번호 {}", "lv_LV": "Personas kods {}", "mk_MK": "ЕМБГ {}",
    "nl_BE": "Rijksregisternummer {}", "no_NO": "Fødselsnummer {}", "pt_BR": "CPF {}", "ro_RO": "CNP {}", "sr_BA": "JMBG {}",
    "sv_SE": "Personnummer {}", "th_TH": "เลขประจำตัวประชาชน {}", "tr_TR": "TC kimlik no {}", "uk_UA": "РНОКПП {}", "zh_CN": "身份证号 {}", "zh_TW": "身分證字號 {}",
}
MORE = [
    ("es_CL", "person_rut", "RUT {}"), ("es_CO", "nuip", "Cédula {}"), ("es_MX", "curp", "CURP {}"),
    ("es_MX", "rfc", "RFC {}"), ("es_CA", "nie", "NIE {}"), ("es_CA", "nif", "NIF {}"), ("ru_RU", "individuals_inn", "ИНН {}"),
    ("en_CA", "ssn", "My social insurance number is {}"), ("pt_BR", "cpf", "{}"), ("sv_SE", "ssn", "{}"), ("fi_FI", "ssn", "{}"), ("zh_CN", "ssn", "{}"),
]


def redact(texts):
    rows = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    run = subprocess.run([REDACT], input=rows, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def has(fake, method):
    try:
        return bool(getattr(fake, method))
    except AttributeError:
        return False


def schemes(fake):
    providers = [provider for provider in fake.providers if hasattr(provider, "credit_card_types")]
    return [card for card in CARDS if card in providers[0].credit_card_types]


def cases():
    from faker import Faker
    from faker.config import AVAILABLE_LOCALES

    for locale in sorted(set(AVAILABLE_LOCALES) - DEVELOPED_WITH):
        fake = Faker(locale)
        fake.seed_instance(11)
        for _ in range(COUNT):
            yield "e-mail", locale, "Please write to {} tomorrow.", fake.email()
            yield "IPv4", locale, "The request came from {} at noon.", fake.ipv4_public()
            yield "IPv6", locale, "The request came from {} at noon.", fake.ipv6()
            for card in schemes(fake):
                yield "card", locale, "My card is {}, thanks.", fake.credit_card_number(card)
            if locale not in NO_IBAN:
                yield "IBAN", locale, "Send it to {} please.", fake.iban()
            if locale in PHONE and has(fake, "phone_number"):
                yield "phone, announced", locale, PHONE[locale] + ".", fake.phone_number()
                yield "phone, not announced", locale, "He is there: {}.", fake.phone_number()
            if locale in NATIONAL and has(fake, "ssn"):
                yield "national identifier", locale, NATIONAL[locale] + ".", fake.ssn()
    for locale, method, carrier in MORE:
        fake = Faker(locale)
        fake.seed_instance(12)
        if not has(fake, method):
            continue
        for _ in range(COUNT):
            yield "national identifier", f"{locale} {method}", carrier + ".", getattr(fake, method)()
    fake = Faker("en_US")
    fake.seed_instance(13)
    for _ in range(10 * COUNT):
        yield "SSN", "en_US", "My social security number is {}.", fake.ssn()
        yield "SSN, not announced", "en_US", "It is {}.", fake.ssn()


def recall():
    rows = list(cases())
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    left = redact([carrier.format(value) for _, _, carrier, value in rows])
    for (kind, locale, _, value), row in zip(rows, left):
        # Nor more than three digits of it.
        found[kind][locale].append((value not in row["text"] and len([c for c in row["text"] if c.isdigit()]) < 4, value, row["text"]))
    print("| kind | found | locales with misses |")
    print("|---|---|---|")
    for kind, locales in found.items():
        all_ = [hit for values in locales.values() for hit, _, _ in values]
        missed = [f"{l} {sum(h for h, _, _ in v)}/{len(v)}" for l, v in sorted(locales.items()) if not all(h for h, _, _ in v)]
        print(f"| {kind} | {sum(all_)}/{len(all_)} = {100 * sum(all_) / len(all_):.1f} % in {len(locales)} locales | {', '.join(missed)} |")
    if os.environ.get("MISSES"):
        for kind, locales in found.items():
            for locale, values in locales.items():
                for hit, value, text in values:
                    if not hit:
                        print(kind, locale, repr(value), "->", text, file=sys.stderr)


def documents():
    paths = sorted(glob.glob("/usr/lib/python3*/**/*.py", recursive=True))[:1500:3]
    paths += sorted(glob.glob("/usr/share/doc/**/*", recursive=True) + glob.glob("/usr/share/perl/**/*.pod", recursive=True))
    paths += sorted(glob.glob(os.path.expanduser("~/.cargo/registry/src/*/*/README.md")) + glob.glob("/usr/local/cargo/registry/src/*/*/README.md"))
    texts = []
    for path in paths:
        if not os.path.isfile(path) or path.endswith(".gz") or os.path.getsize(path) > 300000:
            continue
        try:
            with open(path) as file:
                text = file.read()[:8000]
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) > 300:
            texts.append((path, text))
    random.Random(7).shuffle(texts)
    texts = texts[:1300]
    counts, rows = collections.Counter(), []
    for (path, text), row in zip(texts, redact([text for _, text in texts])):
        if row["text"] == text:
            continue
        for line, left in zip(text.split("\n"), row["text"].split("\n")):
            # Addresses of authors are what they seem.
            if line != left and set(re.findall(r"\[([A-Z_]+)\]", left)) - set(re.findall(r"\[([A-Z_]+)\]", line)) - {"EMAIL"}:
                rows.append({"path": path, "line": line, "left": left})
        counts.update(row["kinds"])
    print(f"{len(texts)} documents; documents with each kind: {dict(counts)}")
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w") as out:
            for row in rows:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


{"recall": recall, "documents": documents}[COMMAND]()
