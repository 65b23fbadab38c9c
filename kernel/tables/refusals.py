"""The refusal of a table as a whole."""

from kernel.errors import Invalid


class UnreadableTable(Invalid):
    """Nothing of the file is read. The sentence says where it goes wrong and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"file": [sentence]})
        self.message = sentence
        self.args = (sentence,)
