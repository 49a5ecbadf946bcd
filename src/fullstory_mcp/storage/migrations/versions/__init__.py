"""One step a file, named rNNNN_what; the newest number is `migrate.NEWEST`."""
