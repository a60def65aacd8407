#!/bin/sh
# Start Grafana, unless a password is missing: an empty one would leave admin/admin.
set -eu
: "${GF_SECURITY_ADMIN_PASSWORD:?set GRAFANA_PASSWORD in .env}"
: "${GRAFANA_DATABASE_PASSWORD:?set GRAFANA_DATABASE_PASSWORD in .env}"
exec "${GRAFANA_RUN:-/run.sh}"
