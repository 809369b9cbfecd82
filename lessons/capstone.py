# %% [markdown]
# # Capstone: segment something else
#
# *You have outlined hands with somebody else's recipe. Now outline something else with your own.*
#
# **You will be able to**
# - prepare a data set of your own, and check it;
# - split it by whatever makes photos alike;
# - raise a score by one change at a time;
# - report the score so that nobody is misled.
#
# **You need:** lessons [01](01_photos_and_masks.ipynb), [05](05_losses_and_metrics.ipynb),
# [06](06_training.ipynb) and [07](07_exploring_predictions.ipynb). [08](08_unseen_people.ipynb) helps.
#
# **Time:** 75 minutes with the drawn leaves. With data of your own it takes two to four hours, and to make
# the masks takes more time.
#
# The page runs as it is, with drawn leaves and a very short training. Section 6 has a *rubric*: a list of demands that
# your work is to meet. On purpose, the page does not meet all of them yet. Change what you like until it does.
#
# There are also four questions that no program can answer. Keep them in mind while you work. At the end you answer each
# in two sentences (section 7):
#
# - Who or what will this network work worst for, and how do you know?
# - Which photos of the training look much like photos of the test?
# - What is the best score that your design and your masks allow? (Lesson 04, section 8, and lesson 08, section 15, show
#   two ways to find it.)
# - What would you photograph next?

# %% [markdown]
# ## 1. The data
#
# Choose one of two ways:
#
# - **Your own photos**: leaves, cups, shoes, mushrooms, anything with a clear outline. You need at least 24 photos of
#   at least five different things, and a mask for each photo. With a free tool such as labelme you click round each
#   outline. The page [Photos of your own](../docs/own_photos.md) says how to make masks of such outlines. Time yourself
#   with the first three, and multiply. Name the files so that a pattern finds which thing a photo shows, and read the
#   files with `hs.pair` (lesson 01, section 9). If only two of five things are in the test, the score tells little
#   about other things (lesson 08). So take more things, and fewer photos of each: ten things with three photos each are
#   better than five things with six.
# - **Drawn leaves**: the library draws them. Each plant has a shape, a colour and a ground of its own. Some blades of
#   grass have the colour of the leaf.

# %%
samples = hs.leaves.load(plants=12)  # or hs.pair("my_photos", "my_masks", person=r"^[^_]+", skin="white")
hs.check_pairs(samples)

# %% [markdown]
# (With photos of your own, `person` says which thing a photo shows: with this pattern it is what stands before the
# first `_` of the file's name. So `cup3_1.jpg` shows `cup3`. And `skin="white"` means: the white pixels of the masks
# are the thing, whatever it is. The course's network segments one kind of thing. If you have several kinds, train one
# network for each.)

# %% [markdown]
# ## 2. The split
#
# Which photos are alike because they show the same thing, the same place or the same day? Put such photos into the same
# part of the split. The library calls a group of such photos a person. Here a "person" is one plant.
#
# With photos of your own, write your own names into `test=` and `val=` in the next cell, such as `test=("cup3", "cup7")`
# and `val=("cup1", "cup5")`. Draw them by lot. All other things go into the training.
#
# Write down your goal before you train: which mean IoU must the validation photos reach? The drawn leaves are easy, so
# their goal is 0.8. For photos of your own, write down what you need the masks for, and how good they must be for that.

# %%
split = hs.split_by_person(samples, test=("10", "11", "12"), val=("08", "09"))
goal = 0.8
hs.plots.samples(split.train[:24:6], noun="leaf", whose="plant")

# %% [markdown]
# ## 3. The training
#
# Begin small. First let a network learn four photos by heart (lesson 06, section 1). This takes some seconds. (`"adam"`
# is enough for four photos. `hs.fit` below uses the course's optimiser.)

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
# 1. **More epochs:** `size, epochs = 64, 12`. Two epochs are only a dozen steps, so expect most from this change.
# 2. **More pixels:** `size, epochs = 128, 12`. On two CPU cores this training takes about a minute, or less.
# 3. **Let the encoder learn as well:** `frozen_epochs=2` in place of `frozen_epochs=epochs`. The encoder knows photos
#    of everything, and now it adapts to leaves. The training takes about half as long again.
# 4. **More of what is missing:** look at the worst validation photos, and add photos like them.
#    (`hs.leaves.load(plants=20)` draws more. The new plants go into the training.) With twice as many photos, the
#    training takes twice as long.
#
# Do not change the test and validation photos, or the way to score. Write down what each change has brought.

# %%
size, epochs = 64, 2
keras.utils.set_random_seed(0)
model = hs.build_unet(size)
train, val = hs.Batches(split.train, size, 8, augment=True), hs.Batches(split.val, size, 8)
history = hs.fit(model, train, val, epochs=epochs, frozen_epochs=epochs)
hs.plots.curves(history, whose="plant")

# %% [markdown]
# ## 4. The score
#
# As long as you want to change anything, the next cells show the **validation photos**. The test photos are for the
# end, and you use them only once. When you no longer want to change anything:
#
# 1. Decide on the threshold. Stay with 0.5, or write these two lines in place of the third line of the next cell. They
#    choose the threshold on the validation photos:
#
#    ```
#    threshold, _ = hs.tune_threshold(hs.Predictor(model), split.val)
#    predictor = hs.Predictor(model, threshold)
#    ```
# 2. Write `finished = True` in the next cell.
# 3. Run the next cell and all cells below it. Do not run the training again.
# 4. Now the three worst photos are **test photos**, so they are other photos than before. Look at them, and write the
#    notes and the claim of section 5 about them.
# 5. Run the rubric in section 6.

# %%
finished = False  # True when you no longer want to change anything
part = split.test if finished else split.val
predictor = hs.Predictor(model, 0.5)
report = hs.evaluate(predictor, part)
report.by("person").rename_axis("plant").round(3)

# %% [markdown]
# The IoU here may be higher than in the curves, although photos and network are the same. Why? The curves compare at
# the network's size. `hs.evaluate` first enlarges the answer to the size of the photo, and this smooths the answer. A
# network that has hardly learned draws a grid over everything (section 5), and smoothing removes a part of the grid.
# After a longer training, the two numbers are nearly the same.

# %% [markdown]
# ## 5. The worst photos
#
# While you change things, the worst validation photos tell you what to change next:

# %%
worst = report.table.sort_values("iou", kind="stable").image[:3]
hs.plots.predictions(predictor, [s for name in worst for s in part if s.name == name], noun="leaf", whose="plant")

# %% [markdown]
# Do you see blue nearly everywhere, and a leaf without blue? Do not be alarmed. Blue is mostly the edge of the mask.
# Here the mask is full of small holes, and each hole has an edge of its own. The leaf is in the mask as well, and has
# no holes. So the network calls the leaf leaf, and much of the ground, too (orange, on the right). After two epochs it
# has learned next to nothing: all its probabilities lie near 0.5, some a little above and some below. (The grid comes
# from the layers that enlarge, lesson 04.) Train longer, and holes and grid vanish.
#
# **When `finished` is `True`**, fill in the next cell:
#
# - `notes`: three sentences, in the order of the three rows above. What went wrong in this photo, and why?
# - `claim`: what you would tell others. These are the mean IoU, the two ends of its interval, and the IoU of the worst
#   plant. (They are `iou`, `iou_low`, `iou_high` and `worst_person_iou` in `report.summary()`. Lesson 07, section 1,
#   says what the ends mean.)

# %%
notes = dict(zip(worst, ["", "", ""]))  # three sentences, one between each pair of quotes
claim = {"iou": 0.0, "low": 0.0, "high": 0.0, "worst": 0.0}  # report.summary() has the numbers

# %% [markdown]
# ## 6. The rubric
#
# The rubric checks what a program can check: the data, the split, the score, and what you say about the score. As long
# as `finished` is `False`, one demand cannot be met: that the report is of the test photos.
#
# One demand is that your network is "better than a table of colours". Such a table knows how often each colour is leaf
# in the training photos, and nothing else (lesson 08, section 1). The grass is as green as the leaves, so a network,
# which also sees shapes, should do better.

# %%
hs.rubric(split, predictor, report, claim, notes, goal)

# %% [markdown]
# ## 7. Four questions
#
# All demands are met? Then answer the four questions here. (Click on this cell twice to write in it.) Use two sentences
# for each, and ask a friend to read your answers.
#
# 1. Who or what will this network work worst for, and how do you know?
#
#    *Your answer:*
#
# 2. Which photos of the training look much like photos of the test?
#
#    *Your answer:*
#
# 3. What is the best score that your design and your masks allow?
#
#    *Your answer:*
#
# 4. What would you photograph next?
#
#    *Your answer:*
#
# <details>
# <summary>What good notes and answers look like</summary>
#
# These examples are made up. They are about cups, so that they give away nothing about your leaves.
#
# - A note: "The handle is missing, because behind it the table has the colour of the cup." A poor note: "It was
#   difficult."
# - Question 1: "Worst for glass: the two glass cups have the lowest scores. Through glass one sees the table, and the
#   network follows what it sees."
# - Question 2: "All cups of the test stood on my desk, and so did six cups of the training. So the score says little
#   about other desks."
# - Question 3: "I outlined three photos twice. The two masks of a photo had a mean IoU of 0.96, so a score above this
#   means nothing."
# - Question 4: "Ten glass cups in three other rooms, because both glass cups failed."
#
# </details>
#
# And before you give the network to anybody, write its card (lesson [09](09_shipping.ipynb), sections 2 and 3).
