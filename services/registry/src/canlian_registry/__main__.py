"""`python -m canlian_registry`: the registry as a process of its own."""

from canlian_registry.app import service

if __name__ == "__main__":
    service.run()
