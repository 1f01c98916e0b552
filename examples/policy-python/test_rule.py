import unittest
from types import SimpleNamespace

import rule


class Rule(unittest.TestCase):
    def test_only_the_newest_misses_count(self):
        missed = lambda slot: slot == "missed"
        self.assertEqual(rule.missed_in_a_row(["missed", "produced", "missed", "missed"], missed), 2)
        self.assertEqual(rule.missed_in_a_row([], missed), 0)

    def test_the_first_fit_node_follows(self):
        nodes = [SimpleNamespace(eligible=fit) for fit in (True, False, True)]
        self.assertEqual(rule.successor(nodes, 0), 2)
        self.assertIsNone(rule.successor(nodes[:2], 0))


if __name__ == "__main__":
    unittest.main()
