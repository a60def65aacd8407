#!/bin/sh
# Start Valkey with the password from REDIS_PASSWORD, by way of a file that only this user can read.
set -eu
: "${REDIS_PASSWORD:?set REDIS_PASSWORD}"
umask 077
printf 'include %s\nrequirepass %s\n' "${VALKEY_CONF:-/etc/valkey/valkey.conf}" "$REDIS_PASSWORD" \
    > "${VALKEY_RUN:-/run/valkey}/valkey.conf"
unset REDIS_PASSWORD
exec valkey-server "${VALKEY_RUN:-/run/valkey}/valkey.conf" "$@"
