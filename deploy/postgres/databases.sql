-- Runs once, on an empty volume. `views` is there already; it can be lost and rebuilt, these two can not.
CREATE DATABASE keys;
CREATE DATABASE accounts;
