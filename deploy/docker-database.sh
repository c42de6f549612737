#!/bin/bash
# Run once by the image of PostgreSQL, when its volume is empty: two roles, and a database that belongs to the first.
set -euo pipefail
owner=$(cat /run/secrets/owner_password)
app=$(cat /run/secrets/app_password)
psql -v ON_ERROR_STOP=1 -v owner="$owner" -v app="$app" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role holdfast_owner login password :'owner';
create role holdfast_app login password :'app';
create database holdfast owner holdfast_owner;
revoke all on database holdfast from public;
grant connect on database holdfast to holdfast_app;
SQL
