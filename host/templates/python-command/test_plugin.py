"""Unit tests: `python3 -m unittest`."""

import unittest

import plugin


class HelloTest(unittest.TestCase):
    def test_a_name_is_greeted(self):
        self.assertEqual(plugin.hello({"name": "you"})["value"], {"text": "hello, you"})

    def test_an_empty_name_is_refused(self):
        with self.assertRaises(plugin.Failure) as raised:
            plugin.hello({"name": ""})
        self.assertEqual(raised.exception.error["id"], "empty-name")


if __name__ == "__main__":
    unittest.main()
