# %% [markdown]
# # 01 Photos and masks
#
# *A network learns whatever you show it, and never tells you that you showed it the wrong thing. How would you know?*
#
# **You will be able to**
# - tell what is in a photo and in a mask, number by number;
# - find out when a reader hands you something else than you think, or the mask the wrong way round;
# - split a data set so that its score means something;
# - make a data set of your own folder, and have it checked.
#
# **Time:** 40 minutes to work through; the computer needs {{ceil(memory["01"].wall_seconds / 60)}} of them on two CPU cores.
#
# **You need:** a little Python and numpy ([numpy in a page](https://numpy.org/doc/stable/user/absolute_beginners.html)).

# %% [markdown]
# This is the whole network of the course, with a hand on its way through. It learns from its two ends alone: the
# photo that goes in, and the mask that should come out. Click on a block to open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network(("photo", "hand"))

# %% [markdown]
# ## 1. Pairs
#
# Most things that go wrong in segmentation go wrong here, in the data, and in silence. So look first.
#
# To learn [segmentation](../docs/glossary.md#segmentation), a network needs pairs: a photo, and a
# [mask](../docs/glossary.md#mask) of the same size that says for each pixel whether it shows skin. The data set of this
# course, [HGR1](../docs/glossary.md#hgr1), has 899 such pairs: 12 people, each making up to 27 signs with one hand.
#
# If HGR1 is not on this machine, the course [draws hands](../docs/glossary.md#drawn-hands) of its own. They come in the same folders, with the same file
# names and the same kind of masks, so every line below works on both.

# %%
profile = hs.profile.current()
samples = profile.samples()
print(f"{len(samples)} pairs. The first:")
samples[0].image.name, samples[0].mask.name

# %% [markdown]
# The file name tells who made which sign: the [gesture](../docs/glossary.md#gesture) comes first, the person after `id`.
# A [`Sample`](../docs/glossary.md#sample) keeps both, beside the two paths. How many photos are there of each person?

# %%
import pandas as pd

table = pd.DataFrame({"person": [s.person for s in samples], "gesture": [s.gesture for s in samples]})
table.groupby("person").size().to_frame("photos").T

# %% [markdown]
# Here they are: a row for each person, a column for each gesture. Point at a photo, and its mask appears. Click on it,
# or go there by Tab and the arrow keys, to see it large.

# %%
hs.explore.wall(samples)

# %% [markdown]
# ## 2. What is in a photo
#
# A colour photo is an array of numbers: rows, then columns, then three [channels](../docs/glossary.md#channel), red,
# green and blue. Each number is a whole one from 0, dark, to 255, bright.

# %%
image, mask = samples[0].read()
print("shape", image.shape, " dtype", image.dtype, " from", image.min(), "to", image.max())
image[0, 0]  # the pixel in the upper left corner: red, green, blue

# %%
channels = [image[..., c] / 255 for c in range(3)]
hs.plots.images(
    [image, *channels],
    ["photo", "red", "green", "blue"],
    alt="A photo of a hand, and its red, green and blue channels as grey pictures. Skin is brightest in the red one.",
)

# %% [markdown]
# Skin is brighter in red than in blue, whatever its tone, as long as the light is not coloured. That is a clue, and
# people built hand detectors on it for decades. It is not enough: wood, cardboard and lamplight are red too. Lesson 08
# puts a number on that.

# %% [markdown]
# ## 3. What is in a mask
#
# Now the mask. The article that this course grew out of reads it with matplotlib, as many people do. Look at what
# comes back, and do not trust the picture: print the shape, the dtype and the values.

# %%
import matplotlib.pyplot as plt
import numpy as np

raw = plt.imread(samples[0].mask)
print("shape", raw.shape, " dtype", raw.dtype, " values", np.unique(raw), " writeable", raw.flags.writeable)

# %% [markdown]
# Four channels? The article takes it so: "The masks have 4 channels, the last one is alpha channel", and the other
# three are copies of each other. Is that in the file, or did somebody make it? Test it with what you know. If the
# channels held four different things, they would differ from each other. And what is alpha, how opaque a pixel is, in a
# photo of a hand?

# %%
red, green, blue, alpha = np.moveaxis(raw, -1, 0)
print("colours all the same:", np.array_equal(red, green) and np.array_equal(green, blue))
print("values of alpha:", np.unique(alpha))

# %% [markdown]
# Three copies of one picture, and a channel that says nothing: no mask was ever drawn in four channels. The **reader**
# made them. It also gave back an array that cannot be written to, so the article's next step stops with an error:

# %%
try:
    raw[raw == 0] = 1
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# Be glad of an error: it is the only fault in this lesson that shows itself. Pillow tells what is in the file:

# %%
from PIL import Image

picture = Image.open(samples[0].mask)
grey = np.array(picture.convert("L"))
print("mode", picture.mode, " size", picture.size, " shape", grey.shape, " values", np.unique(grey))
assert grey.shape == image.shape[:2] and len(np.unique(grey)) == 2

# %% [markdown]
# Mode `1`: **one bit a pixel**. One channel, two values, black and white. `convert("L")` writes them as 0 and 255;
# without it you get False and True. The `assert` is the check that would have caught it: a mask has the photo's height
# and width, no third axis, and two values.

# %% [markdown]
# ## 4. Exercise: how much is skin? (warm-up)
#
# Before you trust 899 masks, you need a number that sums one up. Write a function that takes a mask of 0 and 1, where 1
# is skin, and returns the share of its pixels that show skin: 0 for none, 1 for all.


# %%
def skin_share(mask):
    # <solution>
    return mask.mean()
    # </solution>


# %%
hs.check.skin_share(skin_share)

# %% [markdown]
# ## 5. Which way round?
#
# Two values, black (0) and white (255). **Which of them is the hand?** The usual guess is that bright means yes. Make
# that guess, and look at the share of skin over the whole data set.

# %%
guessed = [(np.array(Image.open(s.mask).convert("L")) > 127).mean() for s in samples]
print(f"skin share, if white is skin: mean {np.mean(guessed):.2f}, from {min(guessed):.2f} to {max(guessed):.2f}")
assert np.mean(guessed) > 0.5

# %% [markdown]
# No error, and a [loss](../docs/glossary.md#loss) would go down too: the network would learn to outline everything but
# the hand. What do you know beforehand? A hand seldom fills half of a photo. These "hands" nearly all do. The guess was
# wrong: in HGR1's files the hand is **black**.
#
# The course turns this round once, while it reads. From there on **1 is skin and 0 is not**, everywhere.

# %%
share = [s.read()[1].mean() for s in samples]
print(f"skin share, if black is skin: mean {np.mean(share):.2f}, from {min(share):.2f} to {max(share):.2f}")
assert np.mean(share) < 0.5, "more skin than background: are the masks inverted?"

# %%
fig, ax = hs.plots.figure(
    "Two histograms of the skin share of all masks. Read with black as skin, it lies well below a half; "
    "read with white as skin, it is the mirror image, well above a half.",
    height=2.4,
)
bins = np.linspace(0, 1, 41)
ax.hist(share, bins, color=hs.plots.BLUE, label="black is skin")
ax.hist(guessed, bins, color=hs.plots.ORANGE, hatch="///", edgecolor="white", label="white is skin")
ax.axvline(0.5, color="black", ls="--", lw=1)
ax.set(xlabel="share of the photo that is skin", ylabel="masks")
ax.legend(loc="upper center")
fig

# %%
hs.plots.images(
    [image, grey / 255, mask],
    ["photo", "the mask's file", "the mask, as the course reads it"],
    alt="A photo of a hand; its mask as it is in the file, the hand black on white; the mask as read, the hand white on black.",
)

# %% [markdown]
# One line with `assert` stays in the notebook and watches over every later run. A check that you have written once is
# worth more than a picture that you have looked at once.

# %% [markdown]
# ## 6. Exercise: read a mask (core)
#
# Write a function that reads a mask file and returns a numpy array of shape (height, width), dtype `uint8`, with 1 where
# there is skin and 0 elsewhere. `Image.open(path).convert("L")` gives you the grey picture.


# %%
def read_mask(path):
    # <solution>
    grey = np.array(Image.open(path).convert("L"))
    return (grey < 128).astype(np.uint8)
    # </solution>


# %%
hs.check.read_mask(read_mask)

# %% [markdown]
# ## 7. Who is in the test set?
#
# A network is judged on photos that it has not seen. The usual way is to draw a fifth of the files by lot:

# %%
from sklearn.model_selection import train_test_split

train, test = train_test_split(samples, test_size=0.2, random_state=0)
in_both = {s.person for s in train} & {s.person for s in test}
print(f"{len(train)} to train, {len(test)} to test. People in both: {len(in_both)}")

# %% [markdown]
# No photo is in both parts, but people are. Each person was photographed many times: the same skin, the same sleeve, the
# same room. A network that has seen 60 photos of a person knows the 61st rather well. Its score answers the question "how
# well does it outline the hands of *these* people?" Yours is "how well does it outline the hand of someone it has
# *never seen*?"
#
# The two answers differ. Take a table of skin colours, the plainest detector there is, and {{known_people.photos}} photos of HGR1. With
# other photos of the same people to learn from, its [IoU](../docs/glossary.md#iou) is {{known_people.known_iou:.3f}}; without, {{known_people.stranger_iou:.3f}}. Eleven of
# the twelve people do worse as strangers, most by little; for one of them it falls from
# {{known_people.widest_known_iou:.3f}} to {{known_people.widest_stranger_iou:.3f}}. The twelfth does better,
# {{known_people["12"].known:.3f}} to {{known_people["12"].stranger:.3f}}.
# <!-- holds: sum(row.known > row.stranger for row in known_people.rows) == 11 and len(known_people.rows) == 12 -->
# <!-- holds: known_people["12"].known < known_people["12"].stranger -->
# Nothing has changed but the photos that made the table. For a table of colours the mean
# gap is small; lesson 08 looks at it person by person.
#
# So [split](../docs/glossary.md#split) by person. The course keeps persons 02, 05 and 09 for the test, always. Persons 04
# and 11 are for validation: by them you choose when to stop and which threshold to use. The other seven train.

# %%
split = hs.split_by_person(samples)
for name, part in split._asdict().items():
    print(f"{name:5} {len(part):4} photos of persons", *sorted({s.person for s in part}))

# %%
looks = {"train": (hs.plots.SKY, ""), "val": (hs.plots.GREY, "..."), "test": (hs.plots.VERMILION, "///")}


def draw_people(ax, parts, title):
    """Bars of photos per person, one piece for each part."""
    people, base = sorted({s.person for s in samples}), 0
    for name, part in parts.items():
        count = np.array([sum(s.person == person for s in part) for person in people])
        colour, hatch = looks[name]
        ax.bar(people, count, bottom=base, color=colour, hatch=hatch, edgecolor="white", label=name)
        base = base + count
    ax.set(title=title, xlabel="person", ylabel="photos")
    ax.legend(loc="upper center", ncols=len(parts), fontsize=8)


# %%
fig, axes = hs.plots.figure(
    "Two charts of photos per person. Drawn by lot, nearly every person's bar has a piece for training and a piece for "
    "the test. Split by person, each bar is of one kind: training, validation or test.",
    columns=2,
    sharey=True,
)
draw_people(axes[0], {"train": train, "test": test}, "by lot")
draw_people(axes[1], split._asdict(), "by person")
axes[0].set_ylim(0, 1.25 * axes[0].get_ylim()[1])  # room for the legends
axes[0].locator_params(axis="y", integer=True)
fig

# %%
assert not {s.person for s in split.train} & {s.person for s in split.test}
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
hs.plots.samples(four)

# %% [markdown]
# These four hands will come back in every lesson: as batches, as features, and in the end as predictions.
#
# Three test persons are few. A score on them says little about a fourth, and lesson 08 shows how little. But it is an
# honest answer to the right question, and a score on a thousand photos of known people is none.

# %% [markdown]
# ## 8. Exercise: deal the people (stretch)
#
# The course's test persons are fixed, so that every score of it can be compared. For your own data you have to draw some.
# Write a function that draws `count` persons by lot, and returns two lists: the samples to train on, and those of the
# persons drawn. Each sample has a `person`; `rng` is a numpy generator, and `rng.choice(names, count, replace=False)`
# draws from a list.
#
# Sort the persons before you draw. A Python `set` of names has another order whenever Python starts, and then the same
# seed draws other people.


# %%
def deal(samples, count, rng):
    # <solution>
    people = sorted({s.person for s in samples})
    drawn = rng.choice(people, count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]
    # </solution>


# %%
hs.check.deal(deal)

# %% [markdown]
# ## 9. Your own folder
#
# Photos in one folder, masks in another, and the same name for the two that belong together: that is a data set.
# `hs.pair` makes samples of it, from JPEG, PNG and most else (HEIC after `pip install pillow-heif`). Two things no
# program can see, so you say them: whose hand it is, by a pattern in the file's name, and whether skin is black in the
# masks or white. (Where a mask has 1 for the left hand and 2 for the right one, that is no brightness: say
# `skin=(1, 2)`.) If you do not say who it is, all photos count as one person's, and no split by person can be made of
# them: better no score than a false one.
#
# Here six pairs are copied to a folder that could be yours, and **one mask is inverted on purpose**. Nothing would stop
# you from training on it. So before you train, on this folder or on any other, call `hs.check_pairs`.

# %%
import shutil
import tempfile
from pathlib import Path

from PIL import ImageOps

own = Path(tempfile.mkdtemp())  # yours would be Path("my_hands")
for sample in samples[:: len(samples) // 6][:6]:
    for path, part in ((sample.image, "photos"), (sample.mask, "masks")):
        (own / part).mkdir(exist_ok=True)
        last = shutil.copy(path, own / part)
ImageOps.invert(Image.open(last)).save(last)

checked = hs.check_pairs(hs.pair(own / "photos", own / "masks", person=r"id(\d+)", skin="black"))
checked

# %%
checked.figure()

# %% [markdown]
# ## 10. What you learned
#
# - A photo is (height, width, 3) numbers from 0 to 255; a mask is (height, width) numbers, 0 or 1.
# - Print shape, dtype and values after each reader. Do not trust the picture.
# - HGR1's masks have one bit a pixel. The four channels came from the reader.
# - In their files, black is skin. An inverted mask raises no error; its share of skin gives it away.
# - Know something beforehand, such as the share of skin, and assert it.
# - Split by person, or the score is about people whom the network knows.
# - Two folders are a data set. Check it before you train: a wrong mask raises no error.

# %% [markdown]
# ## 11. Quiz
#
# Six questions. Each answer tells you why.

# %%
hs.quiz("01")

# %% [markdown]
# ## 12. Next
#
# [02 Batches and augmentation](02_batches_and_augmentation.ipynb) feeds these pairs to a network, and makes more of them.
