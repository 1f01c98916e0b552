import unittest

import line


class Line(unittest.TestCase):
    def test_quotes_do_not_end_the_string(self):
        self.assertEqual(line.body("page", 'it said "no"'), '"page: it said \\"no\\""')

    def test_what_may_pass_is_tried_again(self):
        self.assertEqual([line.judged(status) for status in (204, 401, 429, 503)], ["delivered", "permanent", "transient", "transient"])


if __name__ == "__main__":
    unittest.main()
