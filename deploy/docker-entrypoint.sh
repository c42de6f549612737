#!/bin/sh
# Takes the settings that are secret out of files, and runs what it is given. A file /run/secrets/database_url becomes
# DATABASE_URL, and so on, so that no secret stands in the compose file or in `docker inspect`.
set -eu
for name in DATABASE_URL ADMIN_TOKEN HEARTBEAT_URL AAS_PASSWORD; do
  file="/run/secrets/$(echo "$name" | tr '[:upper:]' '[:lower:]')"
  if [ -f "$file" ]; then
    value=$(cat "$file")
    export "$name=$value"
  fi
done
exec "$@"
