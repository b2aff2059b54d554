"""Copies README's N-th block of a language, as it stands. usage: readme_block.py README.md LANGUAGE N OUTPUT"""
import re
import sys


def main(readme, language, number, output):
    with open(readme, encoding="utf-8") as file:
        blocks = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    if len(blocks) < int(number):
        sys.exit(f"{readme} has {len(blocks)} blocks of {language}, not {number}")
    with open(output, "w", encoding="utf-8") as file:
        file.write(blocks[int(number) - 1])


if __name__ == "__main__":
    main(*sys.argv[1:])
