#!/bin/sh
# Runs once, when the database of docker-compose.yml is made: the two roles, with the passwords that stand in their URLs.
set -eu
SECRETS="${SECRETS:-/run/secrets}"

password() {
    sed -n 's|^postgres[a-z]*://[^:/@]*:\([A-Za-z0-9_.~-]*\)@.*|\1|p' "$SECRETS/$1" | grep . || {
        echo "$1 holds no password of letters and digits" >&2
        exit 1
    }
}

owner_password="$(password database_owner_url)"
application_password="$(password database_url)"
psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v database="$POSTGRES_DB" \
    -v owner_password="$owner_password" \
    -v application_password="$application_password" \
    -f "${ROLES:-/cspace/roles.sql}"
