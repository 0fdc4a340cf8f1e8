-- What Tryout needs, made once by the first primary (see patroni.yml). There is no standby yet to wait for.
\getenv password DATABASE_PASSWORD
set synchronous_commit = local;
create role tryout login password :'password';
create database tryout owner tryout encoding 'UTF8' template template0;
