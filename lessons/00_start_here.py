# %% [markdown]
# # 00 Start here
#
# *Two minutes from now, a network will have outlined a hand for you. The rest of the course explains how the network
# does that, how well it works, and how you can find out.*

# %% [markdown]
# First, watch a network learn. It sees 48 hands that a program has drawn, each with its right outline. One pass
# through all 48 hands is called an epoch. After each epoch the network outlines a hand that it has not seen. You need
# not understand the code yet: lessons 02, 04 and 06 explain its lines. (If `[*]` stands beside a cell, the cell is at
# work. On the first run the program still has to draw the hands. Then this cell takes a minute or two.)

# %%
learners = hs.split_by_person(hs.drawn.load())
size = 96  # pixels
lessons, exam = hs.Batches(learners.train[:48], size, 8), hs.Batches(learners.val[:4], size, 4)
film = hs.explore.watch_training(learners.val[0], film=True)
history = hs.fit(hs.build_unet(size), lessons, exam, epochs=6, frozen_epochs=6, callbacks=[film])

# %% [markdown]
# The number `IoU` over each picture says how good the outline is: 0 is useless, and 1 is perfect. (Section 7 tells
# you how it is counted.)
#
# Nobody told the network what a finger is. But it did not begin from nothing. Most of the network is called the
# encoder. The encoder had learned before, from more than a million photos of other things. Here it did not change
# (`frozen_epochs=6`). Only the rest of the network began with random numbers. (So the first pictures are full of dots.
# That is as it should be. Blue is mostly the edge of the mask. Where the mask is full of small holes, each hole has a
# blue edge. Where it has no holes, as in the hand, you see little blue.)
#
# This rest learned from the 48 hands. In each step it looked at 8 hands, compared its outlines with the right ones, and
# changed its numbers a little, so that these 8 hands fitted better. A step that helps these 8 hands may harm other
# hands. So an outline can become worse from one epoch to the next.
#
# This is the whole network. A photo enters at the upper left, and the hand comes out at the upper right. Each small
# picture is a step on the way. Click on a block to open it, or use Tab and the arrow keys. For now, look. Later
# lessons explain it.

# %%
hs.explore.open_network()

# %% [markdown]
# **You will be able to**
# - turn a photo into a mask of a hand, with a trained network and a threshold;
# - say in one number how good that mask is;
# - try the network on a photo of your own;
# - find your way through the course.
#
# **Time:** 45 minutes to work through; the computer needs {{ceil(memory["00"].wall_seconds / 60)}} of them on two CPU
# cores, and a minute or two more on the first run.
#
# **You need:** a little Python and numpy ([numpy in a
# page](https://numpy.org/doc/stable/user/absolute_beginners.html)).

# %% [markdown]
# ## 1. What the course covers
#
# Each lesson asks one question. The top of each lesson says how long it takes.
#
# | lesson | question |
# |---|---|
# | 00 Start here | what does the network do? |
# | [01 Photos and masks](01_photos_and_masks.ipynb) | what is in the data, and who may be in the test set? |
# | [02 Batches and augmentation](02_batches_and_augmentation.ipynb) | how do photos and masks reach the network without harm? |
# | [03 The encoder](03_the_encoder.ipynb) | what does a network know that has seen a million photos? |
# | [04 The U-Net](04_the_u_net.ipynb) | how does the network find the exact outline? |
# | [05 Losses and metrics](05_losses_and_metrics.ipynb) | what is a good mask, in one number? |
# | [06 Training](06_training.ipynb) | how does the network learn without forgetting what it knew? |
# | [07 Exploring predictions](07_exploring_predictions.ipynb) | where does the network fail, and do its probabilities show this? |
# | [08 Unseen people](08_unseen_people.ipynb) | how well will the network do on the next person, and how sure is that? |
# | [09 Shipping](09_shipping.ipynb) | how does the network reach people who have no Python? |
# | [10 Scaling out](10_scaling_out.ipynb) | what do more processes and more machines win, and where does that stop? |
# | [Capstone](capstone.ipynb) | can you do all of this with something of your own? |
#
# All sliders of the course stand together in [Sliders](sliders.ipynb).
#
# The course uses Keras. The ideas hold for PyTorch as well. Where a detail is different in PyTorch, the lesson says
# so.
#
# <details>
# <summary>As published: where the course comes from</summary>
#
# The course grew out of an article by Mohamed Abdul Gafoor, "Building a Segmentation Model: Creating a UNet
# architecture from ResNet50 as encoder" (2023). The code of the article no longer runs, and it has some mistakes that
# are easy to make and hard to see. Boxes like this one tell you about these mistakes. You can skip all such boxes.
#
# </details>

# %% [markdown]
# ## 2. Set up
#
# You have nothing left to install. The cell at the top has brought the course's library, `handseg_lib`, as `hs`. It
# contains a trained network, and a program that draws hands to practise on. If the course is installed on your
# machine, no lesson needs an internet connection. Colab and Binder need a connection all the time.
#
# The library has a doctor, a program that looks at this machine. Three of its findings matter now:

# %%
import numpy as np  # noqa: F401  you will need it in the exercises
import pandas as pd

found = hs.doctor.report()
pd.Series({name: found[name] for name in ("course_model", "hgr1", "profile")}, name="this machine").to_frame()

# %% [markdown]
# - `course_model` should be True: this is the trained network.
# - `hgr1` says whether HGR1 is here, the data set with the real photos of the course. False is fine: then the course
#   uses drawn hands.
# - `profile` says how much the course does on this machine: how large the photos are, and how long a training takes.
#   (Section 10 tells you how to choose another profile.)
#
# <details>
# <summary>How to get the real photos</summary>
#
# HGR1 has 899 photos of 12 people, each with a mask. The photos are not part of the course, because no licence for
# them was found. `python -m handseg_lib fetch` downloads them from [their authors'
# page](https://sun.aei.polsl.pl/~mkawulok/gestures/). If you have `hgr1_images.zip` and `hgr1_skin.zip` already, set
# the environment variable `HANDSEG_HGR1` to their folder.
#
# </details>

# %% [markdown]
# ## 3. A photo
#
# The profile knows where the photos are.

# %%
profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
print(f"{len(samples)} photos of {len({s.person for s in samples})} people")

# %% [markdown]
# Each sample is a pair: a photo and a [mask](../docs/glossary.md#mask). The mask says for each pixel whether it shows
# bare skin. On a real photo a person marked the skin. On a drawn one, the program that drew the hand did it. **In
# this course, [hand](../docs/glossary.md#hand) means all the skin that the mask marks.** So a bare forearm is a part
# of the hand.
#
# Some people are kept for testing: the network was not trained on their photos. Here is a photo of one of these
# people.

# %%
sample = next(s for s in split.test if s.person == "05")
image, true = sample.read()
hs.plots.images(
    [image, true],
    [f"photo, {image.shape[1]} x {image.shape[0]} pixels", "true mask"],
    alt="A photo of a hand, and beside it its true mask: the skin white, everything else black.",
)

# %% [markdown]
# ## 4. Exercise: how much of the photo is hand? (warm-up)
#
# A mask is a numpy array of zeros and ones, so you can calculate with it. Guess first: what share of the photo above
# is hand? Then write a function that takes a mask and returns the share of its pixels that are 1, as a number from 0
# to 1. Put your code in the place of the dots, and run both cells.
#
# Do you not know how to begin? In a new cell, `hs.check.hand_share.hint()` gives you a hint, and
# `hs.check.hand_share.solution()` shows you a solution. Every exercise of the course has both. Nothing further down
# needs your answer, so you can also go on.


# %%
def hand_share(mask):
    # <solution>
    return mask.mean()
    # </solution>


# %%
hs.check.hand_share(hand_share)

# %% [markdown]
# In a new cell, `hand_share(true)` tells you how good your guess was. Remember this share. Suppose that a network
# never finds any hand. Then it is wrong only in the pixels of the hand, and right in all the others. Lesson 05 comes
# back to that.

# %% [markdown]
# ## 5. A probability for each pixel
#
# Load the course's network and call it like a function. (It is not the network of the film. It has the same layers,
# but it was trained before the course, on real photos for the most part.) The network returns an array as high and as
# wide as the photo, with one number for each pixel. The number says how probable it is, according to the network,
# that this pixel is hand. (The shape of an array names the height first: (172, 256) for a photo that is 256 pixels
# wide and 172 high.)

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
# The grey pixels lie along the outline, and where something looks a bit like skin. Now read the two printed numbers,
# too. The smallest probability is near 0: where there is only a plain wall, the network is nearly sure. The largest
# is near 1. Neither of the two is exactly 0 or 1. Lesson 07 measures how far you can trust these probabilities.

# %% [markdown]
# ## 6. Exercise: from probability to mask (core)
#
# A mask has no grey. So you have to choose a limit. If the probability of a pixel is at least as high as this limit,
# the pixel counts as hand. The limit is called the **[threshold](../docs/glossary.md#threshold)**.
#
# Write a function that takes the probabilities and a threshold, and returns a mask of the same shape and the dtype
# `uint8`. The mask is 1 where the probability is at least the threshold, and 0 elsewhere. Do not change the array of
# probabilities. In all exercises, a function leaves its arguments unchanged unless you are told otherwise.


# %%
def to_mask(probability, threshold):
    # <solution>
    return (probability >= threshold).astype("uint8")
    # </solution>


# %%
hs.check.to_mask(to_mask)

# %% [markdown]
# The library does the same in `predictor.mask`. The threshold of the predictor was chosen with the photos of two
# people. The network did not learn from these two people, and it is not tested on them. What would another threshold
# do? With a low threshold, every weak sign of skin counts as hand. With a high threshold, only those pixels count of
# which the network is almost certain.

# %%
cuts = (0.05, predictor.threshold, 0.95)
masks = [hs.Predictor(predictor.model, cut).mask(image) for cut in cuts]
print(f"{(probability < 0.05).mean():.0%} of the pixels have a probability below 0.05")
hs.plots.images(
    [hs.plots.overlay(image, mask) for mask in masks],
    ["threshold 0.05", f"{predictor.threshold:.2f}, the course's", "0.95"],
    alt="The photo with the mask at a low, a middle and a high threshold: the mask shrinks from left to right.",
)

# %% [markdown]
# Look at the fingertips: from left to right, the mask becomes a little thinner. Most pixels keep their place in the
# mask or outside it, because the network is nearly sure of them.

# %% [markdown]
# ## 7. How good is it?
#
# The mask looks right. How right is it? Count two kinds of pixels: those that are hand in both masks, the predicted
# and the true one, and those that are hand in at least one of the two masks.
#
# The **intersection over union**, [IoU](../docs/glossary.md#iou), is the first count divided by the second:
#
# $$\text{IoU} = \frac{\text{pixels that are hand in both masks}}{\text{pixels that are hand in at least one mask}}$$
#
# The IoU is 1 for a perfect mask, and 0 for a mask that has missed the whole hand.

# %%
mask = predictor.mask(image)
in_both = (mask & true).sum()
in_either = (mask | true).sum()
iou = in_both / in_either
print(f"IoU {iou:.3f}")
assert abs(iou - hs.metrics.iou(true, mask)) < 1e-9

# %% [markdown]
# There are two kinds of wrong pixels: hand that was missed, and background that was called hand. Here are the first
# photos of the three test persons, from the photo to the errors.

# %%
three = [next(s for s in split.test if s.person == person) for person in ("02", "05", "09")]
hs.plots.predictions(predictor, three)

# %% [markdown]
# The network has never seen these people, whether they are real or drawn. Lesson 07 finds out where the network goes
# wrong, and begins with the worst photo.

# %% [markdown]
# ## 8. Exercise: cut the hand out (stretch)
#
# What is a mask good for? With a mask you can take the hand out of its photo and put it somewhere else, as a video
# call does with a person. Write a function that takes a photo, `uint8` of shape (height, width, 3), and a mask of
# shape (height, width). It returns a new photo: the hand as it was, and everything else white, which is 255 in all
# three channels. Do not change the photo that you are given.


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
# Here is the same hand on a chequered ground, twice: cut out with the true mask, and with the network's mask. Look
# along the outline, where the two differ.

# %%
from handseg_lib.explore import upload

hs.plots.images(
    [upload.on_checks(upload.cut_out(image, m)) for m in (true, mask)],
    ["cut out by the true mask", "by the network's"],
    alt="The hand on a chequered ground, twice: cut out along its true mask, and along the mask that the network gives.",
)

# %% [markdown]
# ## 9. Your own photo
#
# Run the next cell. A frame appears. Take a photo of your hand in this frame, with the camera of your computer, or
# drop a file on the frame. Your photo stays on the machine that runs this notebook. There it is **kept** as a file in
# the course's cache, so that later lessons can show your hand, too. `hs.my_hand.forget()` removes the file.

# %%
hs.explore.try_photo(predictor, keep=True)

# %% [markdown]
# Does the frame not work? Then use a file. Replace `None` by the path of the file, in quotes, and run the next two
# cells. (On Colab and Binder, first drag the file into the list of files on the left.) Without a path, the cells show
# a sample.

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
# The network has never seen you, your room or your camera. It has learned from photos of seven people of HGR1 in
# front of a few plain walls, and from a few drawn hands. For half of the photos, a program cut out the hand and put
# it into another room and other light. Sometimes the program also took the colours away. How good is the network now?
#
# | photos | IoU |
# |---|---|
# | three other people of HGR1, in front of such walls | {{rooms.hgr1_iou:.2f}} |
# | {{rooms.photos}} pictures of offices, into which a program pasted hands | {{rooms.iou:.2f}} |
# | the same pictures of offices, made grey | {{rooms.iou_grey:.2f}} |
#
# These office pictures were used to choose the way to train. So expect a little less in a room of your own. There is
# a good chance that the network finds your hand, but it will not find it in every photo.
# <!-- holds: 0.7 < rooms.iou < rooms.hgr1_iou and rooms.iou_grey > 0.6 -->
#
# Some failures are known. The network calls a part of a face hand ({{100 * rooms.false_hand_face:.0f}} % of one
# portrait). It may lose a finger in deep shadow, or find hand in a warm brown table. So try to find photos on which
# the network fails: a hand in front of your face, a wooden table, a glove, lamplight, a hand far away. Write down
# what fails, and keep the photos. Lesson 07 gives names to these failures, and lesson 08 shows where they come from.
# <!-- holds: rooms.false_hand_face > 0.015 -->

# %% [markdown]
# ## 10. How to work
#
# - **Each notebook runs alone**, from top to bottom. You can start with any lesson that answers your question.
# - **Guess before you run a cell.** You learn most when the result is not what you expected.
# - **Exercises** come in three kinds: a warm-up, the core of the lesson, and a stretch for those who want more. The
#   check in the cell below an exercise says what is wrong, or "Right!". Nothing further down depends on your answer,
#   so you can go on and come back later.
# - **Help comes in steps**, as in section 4: first a hint, then a solution. At the foot of the notebook is a link to
#   all solutions of the lesson.
# - **`hs.progress()`** shows which exercises and quizzes you have done. Your progress is kept on your machine only.
#
# The same notebook can run for seconds or for hours. That depends on the **profile**. `quick` is for a laptop: small
# photos, short trainings. `full` needs a GPU and the real photos. If this machine has both, the course chooses `full`
# by itself. `smoke` is for tests: it shows that everything runs, not that anything is learned. To choose yourself,
# run `%env HANDSEG_PROFILE=smoke` at the top of a notebook, or set this variable before you start Jupyter.
# `hs.profile.PROFILES` shows what each profile sets.

# %% [markdown]
# ## 11. What you learned
#
# - A segmentation network gives a probability for each pixel, not a yes or no.
# - A threshold turns the probabilities into a mask. A lower threshold finds more of the hand, but it also calls more
#   of the background hand. With a higher threshold it is the other way round.
# - IoU says how good a mask is: the pixels that both masks share, divided by those that at least one of them covers.
# - A network is judged on people whom it has not seen.

# %% [markdown]
# ## 12. Quiz

# %%
hs.quiz("00")

# %% [markdown]
# ## 13. Next
#
# The network learned from photos and masks. [01 Photos and masks](01_photos_and_masks.ipynb) looks at them closely,
# before any training.
