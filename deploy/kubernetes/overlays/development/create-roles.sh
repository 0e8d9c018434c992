#!/bin/sh
# Run once, by the image of PostgreSQL, when its data folder is new. The passwords reach psql through its standard input:
# never as arguments, which every process can read.
set -eu
psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 --quiet <<'SQL'
\set owner `cat /run/secrets/owner/password`
\set app `cat /run/secrets/app/password`
CREATE ROLE aegis_owner LOGIN PASSWORD :'owner';
CREATE ROLE aegis_app LOGIN PASSWORD :'app';
CREATE DATABASE aegis OWNER aegis_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
