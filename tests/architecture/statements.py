"""Tells SQL that changes something from SQL that reads, and from prose, in the text of a source file."""

import ast
import re

OBJECT = r"""(?:TABLE | INDEX | SEQUENCE | VIEW | TRIGGER | FUNCTION | PROCEDURE | AGGREGATE | TYPE | DOMAIN | EXTENSION
    | SCHEMA | ROLE | USER | DATABASE | CONSTRAINT | POLICY | RULE | PUBLICATION | DEFAULT\s+PRIVILEGES)\b"""
STATEMENT = re.compile(
    rf"""(?: ^ | [;()] | \bANALYZE\b | \bPREPARE \s+ \w+ \s* (?:\([^)]*\)\s*)? AS\b )
    (?: \s | /\* .*? \*/ | --[^\n]*(?:\n|$) )*
    (?P<verb> INSERT\s+INTO | UPDATE\s+\S.*?\sSET\b | DELETE\s+FROM | TRUNCATE\b | MERGE\s+INTO
      | COPY\s+\S+\s*(?:\(.*?\)\s*)?FROM\b | (?:DROP|ALTER|CREATE)\s+(?:\w+\s+){{0,2}}?{OBJECT}
      | SELECT\s[^;]*?\sINTO\s | DO\s+(?:LANGUAGE\s+\w+\s+)?(?:\$\w*\$|E?') | CALL\s+[\w."]+\s*\(
      | REFRESH\s+MATERIALIZED\b | (?:GRANT|REVOKE)\s[^;]*?\s(?:TO|FROM)\s )
    | (?P<function> \b (?:setval|nextval|lo_\w+) \s*\( )""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def changing_statement(node: ast.AST) -> str | None:
    """The verb of what a piece of text changes as SQL: "DELETE"."""
    match = STATEMENT.search(text_of(node))
    return (match["verb"] or match["function"]).split("(")[0].split()[0].upper() if match else None


def is_text(node: ast.AST) -> bool:
    """Whether it is a piece of text: a literal, an f-string, a sum of such or one with `%`."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and (is_text(node.left) or is_text(node.right))
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def text_of(node: ast.AST) -> str:
    """A piece of text with `x` for what is only known at run time."""
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + ("" if isinstance(node.op, ast.Mod) else text_of(node.right))
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    if isinstance(node, ast.Constant):
        return node.value.decode("utf-8", "replace") if isinstance(node.value, bytes) else str(node.value)
    return "x"
