# %% [markdown]
# # Capstone: segment something else
#
# *You have outlined hands with somebody else's recipe. Now outline something else with your own.*
#
# **You need:** lessons [01](01_photos_and_masks.ipynb), [05](05_losses_and_metrics.ipynb),
# [06](06_training.ipynb) and [07](07_exploring_predictions.ipynb). [08](08_unseen_people.ipynb) helps.
#
# **Time:** one hour with the drawn leaves. With data of your own it is two to four hours, and the masks come on top.
#
# The page runs as it is, with drawn leaves and a very short training. It does not meet all demands of the rubric in
# section 6. Change what you like until it does.
#
# Four questions no program can answer. Keep them in mind while you work. At the end, answer each in two sentences, and
# ask a friend to read your answers:
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
#   is, and read them with `hs.pair` (lesson 01, section 9). With five things, two of them for the test, an interval
#   tells little (lesson 08). More things are better than more photos of each.
# - **Drawn leaves**: the library draws them. Each plant has a shape, a colour and a ground of its own. Some blades of
#   grass have the colour of the leaf.

# %%
samples = hs.leaves.load()  # or hs.pair("my_photos", "my_masks", person=..., skin="white")
hs.check_pairs(samples)

# %% [markdown]
# ## 2. The split
#
# Which photos are alike because they show the same thing, the same place or the same day? The split must go by that.
# The library calls each group a person. Here a "person" is one plant.
#
# Write down your goal before you train: which mean IoU must the validation photos reach? The drawn leaves are easy, so
# their goal is 0.8. For photos of your own, say what you need it for, and how good the masks must be for that.

# %%
split = hs.split_by_person(samples, test=("07", "08"), val=("06",))
goal = 0.8
hs.plots.samples(split.train[::8])

# %% [markdown]
# ## 3. The training
#
# Begin small: few pixels, few epochs, a frozen encoder. Before you train longer, let the network learn four photos by
# heart (lesson 06, section 1). Then, if the score is too low, change one thing at a time, in this order:
#
# 1. more pixels and more epochs: `size, epochs = 128, 12`;
# 2. let the encoder learn as well: `frozen_epochs=2` in place of `frozen_epochs=epochs`;
# 3. look at the worst validation photos, and add photos of what is missing (`hs.leaves.load(plants=12)` draws more).
#
# Keep the split and the score as they are, and write down what each change has brought.

# %%
import keras

size, epochs = 64, 2
keras.utils.set_random_seed(0)
model = hs.build_unet(size)
train, val = hs.Batches(split.train, size, 8, augment=True), hs.Batches(split.val, size, 8)
history = hs.fit(model, train, val, epochs=epochs, frozen_epochs=epochs)
hs.plots.curves(history)

# %% [markdown]
# ## 4. The score
#
# Choose the threshold on the validation photos, or stay with 0.5. When you no longer want to change anything, use the
# test photos, once.

# %%
predictor = hs.Predictor(model, 0.5)
report = hs.evaluate(predictor, split.test)
report.by("person").round(3)

# %% [markdown]
# ## 5. The worst photos
#
# Look at the worst photos, and write one sentence about each: what went wrong, and why? Then write into `claim` what
# you would tell others: the mean IoU, the two ends of its interval, and the IoU of the worst "person".

# %%
worst = report.table.sort_values("iou", kind="stable").image[:3]
hs.plots.predictions(predictor, [s for name in worst for s in split.test if s.image.name == name])

# %%
notes = {name: "" for name in worst}  # a sentence on each, between the quotes
claim = {"iou": 0.0, "low": 0.0, "high": 0.0, "worst": 0.0}  # report.summary() has the numbers

# %% [markdown]
# ## 6. The rubric
#
# It checks what can be checked by a program: the data, the split, the score and what you say about it.

# %%
hs.rubric(split, predictor, report, claim, notes, goal)

# %% [markdown]
# All demands are met? Then answer the four questions of the beginning. And before you give the network to anybody,
# write its card (lesson [09](09_shipping.ipynb), sections 2 and 3).
