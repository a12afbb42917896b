"""`python -m canlian_exchange`: the exchange as a process of its own."""

from canlian_exchange.app import run

if __name__ == "__main__":
    run()
