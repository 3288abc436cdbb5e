"""Unit tests: `python3 -m unittest`."""

import unittest

import word_list

SETTINGS = {"redact": ["falcon", "project", "project x"], "block": ["launch code"]}


def judge(*texts, settings=SETTINGS):
    texts = [{"index": index, "text": text} for index, text in enumerate(texts)]
    return word_list.judge({"settings": settings, "texts": texts})["verdicts"]


class JudgeTest(unittest.TestCase):
    def test_whole_words_are_found_and_characters_are_counted(self):
        (verdict,) = judge("\U0001f600 Falcon, falcons, PROJECT X")
        found = [(span["start"], span["end"]) for span in verdict["spans"]]
        self.assertEqual(found, [(2, 8), (19, 28)])

    def test_a_text_is_blocked_for_a_reason(self):
        expected = {"index": 1, "verdict": "block", "reason": "blocked-word"}
        self.assertEqual(judge("hello", "the launch code"), [expected])

    def test_too_many_words_are_blocked(self):
        (verdict,) = judge("falcon " * (word_list.MAX_SPANS + 1))
        self.assertEqual(verdict["reason"], "too-many-words")

    def test_without_settings_every_text_passes(self):
        self.assertEqual(judge("falcon", settings={}), [])

    def test_invalid_settings_are_refused(self):
        for settings in ({"redact": "falcon"}, {"block": [1]}, {"block": [""]}, {"other": []}):
            with self.assertRaises(word_list.Refused) as raised:
                judge("hello", settings=settings)
            self.assertEqual(raised.exception.error["class"], "settings")


if __name__ == "__main__":
    unittest.main()
