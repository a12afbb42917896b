"""`python -m canlian_catalog`: serve until stopped."""

from canlian_catalog.app import service

service.run()
