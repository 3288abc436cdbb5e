//! The other readings of a text: without its escapes, and what is encoded in it.

use std::rc::Rc;

use super::data_url::{self, DataText};
use super::encoded_run::encoded_runs;
use super::encoding::decode_escapes;
use super::origin::{Form, Origin};
use super::unit::{Parts, Unit};
use super::units::Units;
use crate::json::OffsetMap;

/// Escapes from which the detectors of intent read a text decoded themselves, three of a kind: only
/// values are looked for in its reading.
const MANY_ESCAPES: usize = 9;

/// How often a text without its escapes is read without escapes again.
const MAX_ESCAPED: usize = 2;

impl Units<'_> {
    /// Adds the readings of a text without the escapes of JSON, of URLs and of HTML, if it has any,
    /// and those of what is encoded in it.
    pub(super) fn add_decoded(&mut self, text: &str, origin: &Rc<Origin>, message: Option<usize>) {
        self.add_unescaped(text, origin, message, MAX_ESCAPED);
        for run in encoded_runs(text) {
            let origin = Rc::new(Origin {
                form: match run.is_hexadecimal {
                    true => Form::Hexadecimal(run.text.clone()),
                    false => Form::Base64(run.text.clone()),
                },
                map: OffsetMap::default(),
                range: run.range,
                parent: Some(Rc::clone(origin)),
                rewrite: origin.rewrite,
            });
            let parts = Parts::One((0..run.text.len(), origin));
            self.readings.push(Unit {
                is_decoded: true,
                ..Unit::new(message, run.text, parts)
            });
        }
    }

    fn add_unescaped(
        &mut self,
        text: &str,
        origin: &Rc<Origin>,
        message: Option<usize>,
        depth: usize,
    ) {
        let Some(decoded) = decode_escapes(text).filter(|decoded| decoded.text != text) else {
            return;
        };
        let origin = Rc::new(Origin {
            form: Form::Unescaped,
            map: decoded.map,
            range: 0..text.len(),
            parent: Some(Rc::clone(origin)),
            rewrite: origin.rewrite,
        });
        if depth > 1 {
            self.add_unescaped(&decoded.text, &origin, message, depth - 1);
        }
        let parts = Parts::One((0..decoded.text.len(), origin));
        self.readings.push(Unit {
            is_decoded: depth < MAX_ESCAPED || decoded.escapes >= MANY_ESCAPES,
            ..Unit::new(message, decoded.text, parts)
        });
    }

    /// Reads the text of a `data:` URL; `false` when the URL itself is text as well.
    pub(super) fn add_data_url(
        &mut self,
        url: &str,
        origin: &Rc<Origin>,
        message: Option<usize>,
    ) -> bool {
        let (text, start, form, map) = match data_url::decode(url) {
            None => return false,
            Some(DataText::Percent { text, start, map }) => (text, start, Form::Percent, map),
            Some(DataText::Base64 { text, start }) => {
                let form = Form::Base64(text.clone());
                (text, start, form, OffsetMap::default())
            }
        };
        let is_whole = matches!(form, Form::Base64(_));
        if is_whole {
            let parts = Parts::One((0..start, Rc::clone(origin)));
            let before = url[..start].to_owned();
            self.single.push(Unit::new(message, before, parts));
        }
        let origin = Origin {
            form,
            map,
            range: start..url.len(),
            parent: Some(Rc::clone(origin)),
            rewrite: origin.rewrite,
        };
        let parts = Parts::One((0..text.len(), Rc::new(origin)));
        let unit = Unit::new(message, text, parts);
        if is_whole {
            self.single.push(unit);
        } else {
            self.readings.push(unit);
        }
        is_whole
    }
}
