"""`python -m canlian_sheets.made_up.roster FILE`: a roster of made-up people without a slip, of any length.

Made for trying out how much canlian takes; `communities.csv` beside it holds the communities, which come first.
"""

import argparse
import csv
from pathlib import Path

from canlian_sheets.columns import ROSTER
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.made_up.subdistrict import new_sheet, roster_line, write_communities


def make_roster(path: Path, people: int, seed: int = 1) -> None:
    """Write it row by row, as Excel or, by the file's name, as CSV; the same seed gives the same people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    titles = [field.zh for field in ROSTER]
    lines = (roster_line(person) for person in made_up_people(people, seed, list(COMMUNITIES)))
    rows = ([line[field.name] for field in ROSTER] for line in lines)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(titles)
            writer.writerows(rows)
    else:
        book, sheet = new_sheet("残疾人花名册")
        sheet.append(titles)
        for row in rows:
            sheet.append(row)
        book.save(path)
    write_communities(path.with_name("communities.csv"), seed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m canlian_sheets.made_up.roster", description="a made-up roster")
    parser.add_argument("file", type=Path, help="ending in .xlsx or .csv")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    make_roster(given.file, given.people, given.seed)


if __name__ == "__main__":
    main()
