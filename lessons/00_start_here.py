# %% [markdown]
# # 00 Start here
#
# *Two minutes from now, a network will have outlined a hand for you. The rest of the course is about how it does that,
# how well, and how you would know.*
#
# **You will be able to**
# - turn a photo into a mask of a hand, with a trained network and a threshold;
# - say in one number how good that mask is;
# - try the network on a photo of your own;
# - find your way through the course.
#
# **Time:** 35 minutes to work through; the computer needs {{ceil(memory["00"].wall_seconds / 60)}} of them on two CPU cores.
#
# **You need:** a little Python and numpy ([numpy in a
# page](https://numpy.org/doc/stable/user/absolute_beginners.html)).

# %% [markdown]
# First, watch a network learn. It sees a few drawn hands, and for each of them the right outline. After every round
# through them, which is called an epoch, it outlines a hand that it has not seen. (On the first run, the hands must be
# drawn, too. With that, it takes a minute or so.)

# %%
learners = hs.split_by_person(hs.drawn.load())
size = 96  # pixels
lessons, exam = hs.Batches(learners.train[:48], size, 8), hs.Batches(learners.val[:4], size, 4)
film = hs.explore.watch_training(learners.val[0], film=True)
history = hs.fit(hs.build_unet(size), lessons, exam, epochs=6, frozen_epochs=6, callbacks=[film])

# %% [markdown]
# Nobody told it what a finger is. It was shown 48 hands, compared its answers with the right ones, and changed its
# numbers a little, each time so that the answers fit better. `IoU` says how good an outline is: 1 is perfect.
#
# This is the network. A photo enters at the upper left, and the hand comes out at the upper right. Each small picture is
# a step on the way. Click on a block to open it, or use Tab and the arrow keys. What the blocks do is what the course is
# about; for now, look.

# %%
hs.explore.open_network()

# %% [markdown]
# ## 1. Set up
#
# There is nothing left to install. On Colab, the cell above has brought the course's library, `handseg_lib`, which the
# notebooks call `hs`. On Binder, and where `make lab` opened this page, it was there before. The library holds a
# trained network and hands to practise on, so no lesson needs a connection.
#
# Ask the doctor what the library has found on this machine:

# %%
import numpy as np
import pandas as pd

pd.Series(hs.doctor.report(), name="this machine").astype(str).to_frame()

# %% [markdown]
# Two rows matter now. `course_model` should be True: it is the trained network. `hgr1` says whether the course's real
# photos are at hand. False is fine: the course then draws hands of its own, and section 9 says how to get the photos.

# %% [markdown]
# ## 2. A photo
#
# The last row, `profile`, says how much the course does here: the size of the photos, the length of a training. A
# profile also knows where the photos are. (If the hands must be drawn first, that takes half a minute, once.)

# %%
profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
print(f"{len(samples)} photos of {len({s.person for s in samples})} people")

# %% [markdown]
# Each sample is a pair: a photo, and a [mask](../docs/glossary.md#mask) that a person drew, or the program that drew
# the hand. The mask says for each pixel whether it shows skin. Here is one of the people who are kept for testing.
# Nothing of them was ever used to train.

# %%
sample = next(s for s in split.test if s.person == "05")
image, true = sample.read()
hs.plots.images(
    [image, true],
    [f"photo, {image.shape[1]} x {image.shape[0]} pixels", "true mask"],
    alt="A photo of a hand, and beside it its true mask: the skin white, everything else black.",
)

# %% [markdown]
# ## 3. Exercise: how much of the photo is hand? (warm-up)
#
# A mask is a numpy array of zeros and ones, so you can compute with it. Guess first: what share of the photo above is
# hand? Then write a function that takes a mask and returns the share of its pixels that are 1, a number from 0 to 1.


# %%
def hand_share(mask):
    # <solution>
    return mask.mean()
    # </solution>


# %%
hs.check.hand_share(hand_share)

# %% [markdown]
# In a new cell, `hand_share(true)` says how good your guess was. Keep the number in mind: a network that never finds
# any hand is right in all the other pixels. Lesson 05 comes back to that.

# %% [markdown]
# ## 4. A probability for each pixel
#
# Load the course's network, and call it like a function. What comes back has the height and the width of the photo, and
# one number a pixel: how probable the network finds it that this pixel is hand.

# %%
predictor = hs.load_predictor()
probability = predictor(image)
print("shape", probability.shape, " dtype", probability.dtype)
print(f"from {probability.min():.3f} to {probability.max():.3f}")

# %%
assert probability.shape == true.shape and 0 <= probability.min() and probability.max() <= 1
hs.plots.images(
    [image, probability],
    ["photo", "probability of hand"],
    alt="The photo, and the probability as a grey picture: bright on the hand, dark elsewhere, grey along the outline.",
)

# %% [markdown]
# Most pixels are nearly black or nearly white: the network is sure. Look for the grey ones. They lie along the outline,
# and wherever something looks a bit like skin.

# %% [markdown]
# ## 5. Exercise: from probability to mask (core)
#
# A mask has no grey. Somebody has to say from which probability on a pixel counts as hand: that is the
# **[threshold](../docs/glossary.md#threshold)**.
#
# Write a function that takes the probabilities and a threshold, and returns a mask of the same shape: dtype `uint8`, 1
# where the probability is at least the threshold, 0 elsewhere. The probabilities stay as they are: here and in all
# exercises, a function leaves what it is handed unchanged, unless you are told otherwise.


# %%
def to_mask(probability, threshold):
    # <solution>
    return (probability >= threshold).astype("uint8")
    # </solution>


# %%
hs.check.to_mask(to_mask)

# %% [markdown]
# The library does the same in `predictor.mask`. Its threshold was settled with people who were used neither to train
# nor to test. What happens with another one? A low threshold believes every hint of skin. A high one keeps only what is
# certain.

# %%
masks = [(probability >= threshold).astype("uint8") for threshold in (0.05, predictor.threshold, 0.95)]
assert (masks[1] == predictor.mask(image)).all()
hs.plots.images(
    [hs.plots.overlay(image, mask) for mask in masks],
    ["threshold 0.05", f"{predictor.threshold:.2f}, the course's", "0.95"],
    alt="The photo with the mask at a low, a middle and a high threshold: the mask shrinks from left to right.",
)

# %% [markdown]
# Does the low threshold call nearly the whole photo hand? That can happen with drawn hands. The network has never seen
# such pictures, is less sure of their background, and the probability seldom falls below 0.05.

# %% [markdown]
# ## 6. How good is it?
#
# The mask looks right. How right? Count pixels. Some are hand in both masks, the predicted and the true one. Some are
# hand in at least one of them. The first count divided by the second is the **intersection over union**,
# [IoU](../docs/glossary.md#iou): 1 for a perfect mask, 0 for one that has missed the hand altogether.

# %%
mask = predictor.mask(image)
in_both = (mask & true).sum()
in_either = (mask | true).sum()
iou = in_both / in_either
print(f"IoU {iou:.3f}")
assert abs(iou - hs.metrics.iou(true, mask)) < 1e-9

# %% [markdown]
# The pixels that spoil it are of two kinds: hand that was missed, and background that was called hand. Here are the
# first photos of the three test persons, from photo to errors.

# %%
three = [next(s for s in split.test if s.person == person) for person in ("02", "05", "09")]
hs.plots.predictions(predictor, three)

# %% [markdown]
# One thing to bear in mind: the network was trained on photos, those of seven people in the data set HGR1. If the hands
# above are drawn, it has never seen anything like them, neither these people nor this kind of picture. Lesson 07 finds
# out where it goes wrong, worst first.

# %% [markdown]
# ## 7. Exercise: cut the hand out (stretch)
#
# What is a mask good for? Whoever has one can take the hand out of its photo and put it somewhere else, as a video call
# does with a face. Write a function that takes a photo, `uint8` of shape (height, width, 3), and a mask of shape
# (height, width). It returns a new photo: the hand as it was, everything else white, which is 255 in all three
# channels. The photo that was handed in stays as it is.


# %%
def cut_out(image, mask):
    # <solution>
    result = image.copy()
    result[mask == 0] = 255
    return result
    # </solution>


# %%
hs.check.cut_out(cut_out)

# %% [markdown]
# This is how it should look, with the true mask and with the network's. Look along the outline, where the two differ.

# %%
hs.plots.images(
    [np.where(m[..., None] == 1, image, 255).astype("uint8") for m in (true, mask)],
    ["cut out by the true mask", "by the network's"],
    alt="The hand on a white ground, twice: cut out along its true mask, and along the mask that the network gives.",
)

# %% [markdown]
# ## 8. Your own photo
#
# Take a photo of your hand. Put the path of the file in the place of `None`, in quotes, and run the two cells. (On
# Colab and Binder, first drag the file into the list of files on the left.) While there is no path, a sample takes its
# place. The photo stays on the machine that runs this notebook.

# %%
photo = None  # for example "my_hand.jpg"

own = hs.read_image(photo) if photo else split.val[0].read()[0]
probability = predictor(own)
mask = predictor.mask(own)
print(f"{mask.mean():.0%} of the photo is called hand")

# %%
hs.plots.images(
    [own, probability, hs.plots.overlay(own, mask)],
    ["photo", "probability of hand", "mask"],
    alt="A photo, the probability of hand, and the photo with the mask that the network gives.",
)

# %% [markdown]
# Or take the photo here, with a camera, or drop a file on the frame. This photo is **kept**: as one file on the machine
# that runs this notebook, in the course's cache, so that later lessons can show your hand beside theirs.
# `hs.my_hand.forget()` removes it.

# %%
hs.explore.try_photo(predictor, keep=True)

# %% [markdown]
# Try to break it. A hand in front of your face: is the face called hand too? For faces, what the network learned holds
# no answer: HGR1's masks mark hand and forearm, and where a neck shows, mostly leave it out. A wooden table. A glove.
# Lamplight. A hand far away. Write down what fails, and keep the photos. In lesson 07 you will have names for these
# failures.

# %% [markdown]
# ## 9. What the course covers
#
# The course grew out of an article by Mohamed Abdul Gafoor, "Building a Segmentation Model: Creating a UNet
# architecture from ResNet50 as encoder" (2023). Its code no longer runs, and where it did run, it was wrong in ways
# that teach. Each lesson takes steps of it as they were published, finds out what is wrong by a check that you could
# have written, and mends it. How long it takes stands at the top of each lesson.
#
# | lesson | question |
# |---|---|
# | 00 Start here | what does it do? |
# | [01 Photos and masks](01_photos_and_masks.ipynb) | what is in the data, and who may be in the test set? |
# | [02 Batches and augmentation](02_batches_and_augmentation.ipynb) | how do photo and mask stay together on their way? |
# | [03 The encoder](03_the_encoder.ipynb) | what does a network know that has seen a million photos? |
# | [04 The U-Net](04_the_u_net.ipynb) | how does one get from *what* back to *where*? |
# | [05 Losses and metrics](05_losses_and_metrics.ipynb) | what is a good mask, in one number? |
# | [06 Training](06_training.ipynb) | how does it learn without forgetting what it knew? |
# | [07 Exploring predictions](07_exploring_predictions.ipynb) | where does it fail, and does it know? |
# | [08 Unseen people](08_unseen_people.ipynb) | how well will it do on the next person, and how sure is that? |
#
# The real photos are HGR1: 899 photos of 12 people, each with a mask. They are not part of the course, since no licence
# of theirs was found. `python -m handseg_lib fetch` brings them from [their authors'
# page](https://sun.aei.polsl.pl/~mkawulok/gestures/). If you have downloaded `hgr1_images.zip` and `hgr1_skin.zip`
# yourself, let the environment variable `HANDSEG_HGR1` name the folder that holds the two. The lessons find them in
# either place.

# %% [markdown]
# ## 10. How to work
#
# - **Each notebook runs alone**, from top to bottom. Start with any lesson that answers your question.
# - **Guess before you run.** A cell surprises you only if you expected something else.
# - **Exercises** are of three kinds: a warm-up, the core of the lesson, and a stretch for those who want more. Put your
#   code in the place of the dots. The check in the next cell says "Right!", or what is not right yet. Nothing further
#   down depends on it, so you can go on and come back.
# - **Solutions** are a click away, at the foot of each notebook. Look after you have tried.
#
# The same notebooks run in seconds or for hours. These are the three profiles:

# %%
pd.DataFrame(list(hs.profile.PROFILES.values()), dtype=object).set_index("name")

# %% [markdown]
# `size` is the side of the network's photos in pixels, `batch_size` the number of photos that it sees at once (lesson
# 02). A training takes `epochs` rounds through all photos, the first `frozen_epochs` of them with the pretrained part
# of the network standing still (lesson 06). `per_person` is the number of photos of each person (None: all). Smoke is for tests: it shows that everything runs, not that anything is learned. Quick is for a laptop. Full
# wants a GPU and the real photos, and is chosen by itself where both are found. To choose yourself, set the environment
# variable `HANDSEG_PROFILE` before you start Jupyter, or run `%env HANDSEG_PROFILE=smoke` at the top of a notebook.

# %% [markdown]
# ## 11. What you learned
#
# - A segmentation network gives each pixel a probability, not a yes or no.
# - A threshold makes a mask of it. Lower means more hand and more false alarms; higher means less of both.
# - IoU says how good the mask is: what both masks share, divided by what either of them covers.
# - A network is judged on people that it has not seen.

# %% [markdown]
# ## 12. Quiz

# %%
hs.quiz("00")

# %% [markdown]
# ## 13. Next
#
# The network was taught by photos and masks. [01 Photos and masks](01_photos_and_masks.ipynb) looks at them closely
# before anybody trains on them.
