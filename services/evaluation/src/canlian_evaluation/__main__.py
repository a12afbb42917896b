"""`python -m canlian_evaluation`: evaluation as a process of its own."""

from canlian_evaluation.app import service

if __name__ == "__main__":
    service.run()
