# %% [markdown]
# # Capstone: segment something else
#
# *You have outlined hands with somebody else's recipe. Now outline something else with your own.*
#
# **You need:** lessons [01](01_photos_and_masks.ipynb), [05](05_losses_and_metrics.ipynb),
# [06](06_training.ipynb) and [07](07_exploring_predictions.ipynb). [08](08_unseen_people.ipynb) helps.
#
# **Time:** 75 minutes with the drawn leaves. With data of your own it is two to four hours, and the masks come on top.
#
# The page runs as it is, with drawn leaves and a very short training. On purpose it does not meet all demands of the
# rubric in section 6: that is your work. Change what you like until it does.
#
# There are four questions that no program can answer. Keep them in mind while you work. At the end, answer each in two
# sentences, and ask a friend to read your answers:
#
# - Who or what will this network work worst for, and how do you know?
# - Which of your photos look alike although they are in different parts of the split?
# - What is the best score that your design and your masks allow?
# - What would you photograph next?

# %% [markdown]
# ## 1. The data
#
# Choose one of two ways:
#
# - **Your own photos**: leaves, cups, shoes, mushrooms, anything with a clear outline. You need at least 24 photos of
#   at least five different things, and a mask for each. [Photos of your own](../docs/own_photos.md) says how to make
#   the masks. Time yourself with the first three, and multiply. Name the files so that a pattern finds which thing it
#   is, and read them with `hs.pair` (lesson 01, section 9). If only two of your five things are in the test, the score
#   tells little about other things (lesson 08). So rather take more things than more photos of each.
# - **Drawn leaves**: the library draws them. Each plant has a shape, a colour and a ground of its own. Some blades of
#   grass have the colour of the leaf.

# %%
samples = hs.leaves.load(plants=12)  # or hs.pair("my_photos", "my_masks", person=..., skin="white")
hs.check_pairs(samples)

# %% [markdown]
# (`skin="white"` means: the white pixels of the masks are the thing, whatever it is.)

# %% [markdown]
# ## 2. The split
#
# Which photos are alike because they show the same thing, the same place or the same day? The split must go by that.
# The library calls each group a person. Here a "person" is one plant.
#
# Write down your goal before you train: which mean IoU must the validation photos reach? The drawn leaves are easy, so
# their goal is 0.8. For photos of your own, say what you need it for, and how good the masks must be for that.

# %%
split = hs.split_by_person(samples, test=("10", "11", "12"), val=("08", "09"))
goal = 0.8
hs.plots.samples(split.train[:24:6], noun="leaf", whose="plant")

# %% [markdown]
# ## 3. The training
#
# Begin small. First let a network learn four photos by heart (lesson 06, section 1). This takes some seconds:

# %%
import keras

size = 64
images, masks = hs.Batches(split.train[:24:6], size, 4)[0]
keras.utils.set_random_seed(0)
model = hs.build_unet(size)
hs.encoder.freeze(model.get_layer("encoder"))
model.compile("adam", loss=hs.losses.dice_bce_loss, metrics=[hs.metrics.mean_iou()])
by_heart = model.fit(images, masks, batch_size=4, epochs=100, verbose=0).history["iou"]
print(f"IoU on four photos: at the beginning {by_heart[0]:.2f}, at the end {by_heart[-1]:.2f}")

# %% [markdown]
# The second number should be near 1. If it is not, do not train longer. Look for the reason in the table of lesson 06,
# section 1.
#
# Now train on all photos, at first with few pixels, few epochs and a frozen encoder. If the score is too low, change
# one thing at a time, in this order:
#
# 1. **More pixels and more epochs:** `size, epochs = 128, 12`. Two epochs are only a dozen steps, so expect most from
#    this. On two CPU cores it takes about a minute, or less.
# 2. **Let the encoder learn as well:** `frozen_epochs=2` in place of `frozen_epochs=epochs`. The encoder knows photos
#    of everything, and now it adapts to leaves. It takes about half as long again.
# 3. **More of what is missing:** look at the worst validation photos, and add photos like them.
#    (`hs.leaves.load(plants=20)` draws more. The new plants go into the training.) Twice as many photos take twice as
#    long.
#
# Keep the split and the score as they are, and write down what each change has brought.

# %%
size, epochs = 64, 2
keras.utils.set_random_seed(0)
model = hs.build_unet(size)
train, val = hs.Batches(split.train, size, 8, augment=True), hs.Batches(split.val, size, 8)
history = hs.fit(model, train, val, epochs=epochs, frozen_epochs=epochs)
hs.plots.curves(history)

# %% [markdown]
# ## 4. The score
#
# Choose the threshold on the validation photos, or stay with 0.5. As long as you want to change anything, the next
# cells show the validation photos. The test photos are for the end, and you use them once: then write `True`.

# %%
finished = False  # True when you no longer want to change anything
part = split.test if finished else split.val
predictor = hs.Predictor(model, 0.5)
report = hs.evaluate(predictor, part)
report.by("person").round(3)

# %% [markdown]
# (Each number under `person` is a plant here.)
#
# Is the IoU higher than in the curves, although photos and network are the same? The curves compare at the network's
# size. `hs.evaluate` first enlarges the answer to the size of the photo, and this smooths it. A network that has hardly
# learned draws a grid over everything (section 5), and smoothing removes a part of the grid. After a longer training
# the two numbers are nearly the same.

# %% [markdown]
# ## 5. The worst photos
#
# Look at the worst photos, and write one sentence about each: what went wrong, and why? Then write into `claim` what
# you would tell others: the mean IoU, the two ends of its interval, and the IoU of the worst "person". (The ends are
# `iou_low` and `iou_high` in `report.summary()`. Lesson 07, section 1, says what they mean.)

# %%
worst = report.table.sort_values("iou", kind="stable").image[:3]
hs.plots.predictions(predictor, [s for name in worst for s in part if s.name == name], noun="leaf", whose="plant")

# %% [markdown]
# Do you see a grid all over the photo? Do not be alarmed. After two epochs the network has learned next to nothing. All
# its probabilities lie near 0.5, some a little above it and some below, so the mask is a grid. (It comes from the
# layers that enlarge, lesson 04.) Train longer, and it vanishes.

# %%
notes = {name: "" for name in worst}  # a sentence on each, between the quotes
claim = {"iou": 0.0, "low": 0.0, "high": 0.0, "worst": 0.0}  # report.summary() has the numbers

# %% [markdown]
# ## 6. The rubric
#
# It checks what can be checked by a program: the data, the split, the score and what you say about it. As long as
# `finished` is `False`, one demand cannot be met: that the report is of the test photos.

# %%
hs.rubric(split, predictor, report, claim, notes, goal)

# %% [markdown]
# All demands are met? Then answer the four questions of the beginning. And before you give the network to anybody,
# write its card (lesson [09](09_shipping.ipynb), sections 2 and 3).
