# %% [markdown]
# # 01 Photos and masks
#
# *Before you teach a network what a hand is, look at what you are about to teach it. Most things that go wrong in
# segmentation go wrong here, in silence.*
#
# **You will be able to**
# - tell what is in a photo and in a mask, number by number;
# - find out when a reader hands you something else than you think;
# - split a data set so that its score means something;
# - make a data set of your own folder, and have it checked.
#
# **Time:** 5 minutes with a CPU or a GPU. **You need:** a little Python and numpy
# ([numpy in a page](https://numpy.org/doc/stable/user/absolute_beginners.html)).

# %% [markdown]
# ## 1. Pairs
#
# To learn segmentation, a network needs pairs: a photo, and a mask of the same size that says for each pixel whether it
# shows skin. The data set of this course, HGR1, has 899 such pairs: 12 people, each making up to 27 signs with one hand.
#
# If HGR1 is not on this machine, the course draws hands of its own. They come in the same folders, with the same file
# names and the same kind of masks, so every line below works on both.

# %%
profile = hs.profile.current()
samples = profile.samples()
print(f"{len(samples)} pairs. The first:")
samples[0].image.name, samples[0].mask.name

# %% [markdown]
# The file name tells who made which sign: the gesture comes first, the person after `id`. A `Sample` keeps both, beside
# the two paths. How many photos are there of each person?

# %%
import pandas as pd

table = pd.DataFrame({"person": [s.person for s in samples], "gesture": [s.gesture for s in samples]})
table.groupby("person").size().to_frame("photos").T

# %% [markdown]
# ## 2. What is in a photo
#
# A colour photo is an array of numbers: rows, then columns, then three channels, red, green and blue. Each number is a
# whole one from 0, dark, to 255, bright.

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
# Skin is brighter in red than in blue, whatever its tone. That is a clue, and people built hand detectors on it for
# decades. It is not enough: wood, cardboard and lamplight are red too. Lesson 08 puts a number on that.

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
# Four channels? The article concludes that "the masks have 4 channels, the last one is alpha". They do not. The file
# is a black-and-white picture with **one bit a pixel**; it was the reader that made colour and transparency of it. And it
# gave back an array that cannot be written to, so that the article's next line, `mask[mask == 0] = 1`, stops with an error.
#
# Pillow tells what is in the file:

# %%
from PIL import Image

picture = Image.open(samples[0].mask)
print("mode", picture.mode, " size", picture.size, " values", np.unique(np.array(picture.convert("L"))))

# %% [markdown]
# Mode `1`: one bit. One channel, two values, 0 and 255. Next question: **which of them is the hand?** A mask read the
# wrong way round trains without an error, and its loss goes down. The network learns to outline everything but the hand.

# %%
grey = np.array(picture.convert("L"))
hs.plots.images(
    [image, grey / 255, mask],
    ["photo", "the mask's file", "the mask, as the course reads it"],
    alt="A photo of a hand; its mask as it is in the file, the hand black on white; the mask as read, the hand white on black.",
)

# %% [markdown]
# In the file, the hand is black: 0 is skin. The course turns this round once, while it reads, and from there on **1 is
# skin, 0 is not**, everywhere.
#
# How would you notice, with 899 masks? By something that you know beforehand. A hand seldom fills half the photo. So
# count: which share of the pixels is skin?

# %%
share = [s.read()[1].mean() for s in samples]
print(f"skin share: mean {np.mean(share):.2f}, from {np.min(share):.2f} to {np.max(share):.2f}")
assert np.mean(share) < 0.5, "more skin than background: are the masks inverted?"

# %% [markdown]
# One line with `assert` stays in the notebook and watches over every later run. A check that you have written once is
# worth more than a picture that you have looked at once.

# %% [markdown]
# ## 4. Your turn: read a mask
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
# ## 5. Who is in the test set?
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
# So split by person. The course keeps persons 02, 05 and 09 for the test, always. Persons 04 and 11 are for
# validation: by them you choose when to stop and which threshold to use. The other seven train.

# %%
split = hs.split_by_person(samples)
for name, part in split._asdict().items():
    print(f"{name:5} {len(part):4} photos of persons", *sorted({s.person for s in part}))

# %%
assert not {s.person for s in split.train} & {s.person for s in split.test}
hs.plots.samples([next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1])

# %% [markdown]
# Three test persons are few. A score on them says little about a fourth, and lesson 08 shows how little. But it is
# an honest answer to the right question, and a thousand photos of known people are not.

# %% [markdown]
# ## 6. Your own folder
#
# Photos in one folder, masks in another, and the same name for the two that belong together: that is a data set.
# `hs.pair` makes samples of it, from JPEG, PNG, HEIC and most else. Two things no program can see, so you say them:
# whose hand it is, by a pattern in the file's name, and whether skin is black in the masks or white. If you do not say
# who it is, all photos count as one person's, and no split by person can be made of them: better no score than a false one.
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
# ## What you learned
#
# - A photo is (height, width, 3) numbers from 0 to 255; a mask is (height, width) numbers, 0 or 1.
# - Print shape, dtype and values after each reader. Do not trust the picture.
# - HGR1's masks have one bit a pixel, and black is skin. Four channels came from the reader.
# - Know something beforehand, such as the share of skin, and assert it.
# - Split by person, or the score is about people whom the network knows.
# - Two folders are a data set. Check it before you train: a wrong mask raises no error.
#
# **Next:** [02 Batches and augmentation](02_batches_and_augmentation.ipynb) feeds these pairs to a network, and makes
# more of them.
