#!/bin/sh
# Makes the passwords of compose.yaml, in deploy/secrets, which nobody else can enter. What is there already is kept.
# The files themselves may be read by all, since the containers, whose users are others than yours, have to.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
umask 022
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
for name in postgres owner app; do
  [ -s "secrets/${name}_password" ] || random > "secrets/${name}_password"
done
for name in owner app; do
  printf 'postgresql://holdfast_%s:%s@database:5432/holdfast' "$name" "$(cat "secrets/${name}_password")" > "secrets/${name}_url"
done
