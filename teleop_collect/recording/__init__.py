"""From raw messages to one durable episode folder: session, ledger, MCAP writer, salvage."""
