"""What the tests of series say of an answer about one."""


def url(series, command=""):
    return f"batch-allocations/{series['id']}/{command}"


def ids(series):
    return [row["id"] for row in series["registrations"]]


def dates(body):
    return [row["date"] for row in body["registrations"]]
