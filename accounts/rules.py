"""Pure decisions about people. No database, no clock."""

from accounts.access import Access


def may_manage(access: Access, *, is_superuser: bool) -> bool:
    """Who makes people, changes them and sets their passwords: a cspace admin; of superusers only a superuser.

    Whoever sets a superuser's password can become him; whoever makes a superuser, too.
    """
    return access.is_superuser or (access.is_cspace_admin and not is_superuser)
