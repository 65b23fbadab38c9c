"""Who reads letters: where they go, in which language, and how he wants them."""

from dataclasses import dataclass

from django.conf import settings

from accounts.enums import MailChoice
from kernel.db.batch import Statement, ask

# Who is not active, or has no address, reads none.
READER = """
SELECT person.id, person.email, coalesce(wish.language, %s), coalesce(wish.mail, %s)
  FROM accounts_user AS person LEFT JOIN accounts_preferences AS wish ON wish.user_id = person.id
 WHERE person.id = %s AND person.is_active AND person.email <> ''
"""


@dataclass(frozen=True)
class MailReader:
    """Somebody who wants mail."""

    user_id: int
    email: str
    language: str
    mail: str


def reader_of(user_id: int) -> MailReader | None:
    """As he is now; None where no letter is to go to him."""
    question = Statement(READER, (settings.CSPACE_LANGUAGE, settings.CSPACE_MAIL_DEFAULT, user_id))
    readers = [MailReader(*row) for row in ask(question)]
    return readers[0] if readers and readers[0].mail != MailChoice.OFF else None
