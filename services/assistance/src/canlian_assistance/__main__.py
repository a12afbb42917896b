"""`python -m canlian_assistance`: assistance as a process of its own."""

from canlian_assistance.app import service

if __name__ == "__main__":
    service.run()
