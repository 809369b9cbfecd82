"""Makes handseg_lib/assets/hgr1_sha256.txt: the SHA-256 of every photo and mask of HGR1.

    python scripts/make_hgr1_sha256.py folder-of-hgr1

The folder holds original_images and skin_masks, or the two official zips. The authors publish no checksums,
so this list is what hgr1.fetch() holds each file against. Names and hashes only.
"""

import sys

from handseg_lib.data import archives, hgr1


def main(root: str) -> None:
    paths = [path for sample in hgr1.load(root) for path in (sample.image, sample.mask)]
    lines = [f"{archives.sha256(path)}  {path.parent.name}/{path.name}\n" for path in paths]
    hgr1.LIST.write_text("".join(sorted(lines, key=lambda line: line.split()[1])), "utf-8", newline="\n")
    print(f"{hgr1.LIST}: {len(lines)} files")


if __name__ == "__main__":
    main(*sys.argv[1:])
