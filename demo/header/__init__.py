"""The page's head: its name and question, the tabs, what is shared."""
