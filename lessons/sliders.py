# %% [markdown]
# # Sliders
#
# *Which questions would you ask the network, if an answer took no longer than moving a finger?*
#
# The sliders of the course on one page. `make app` shows it without its code. All run on drawn hands and the course's
# own model; no network connection is needed. On a page that only shows notebooks, a picture stands in the place of each.

# %%
split = hs.split_by_person(hs.drawn.load())
predictor = hs.load_predictor()
image, mask = split.test[0].read()

# %% [markdown]
# ## The whole network
#
# What does it make of a photo, from the first block to the last? Click on one to open it. (At the top of every lesson.)

# %%
hs.explore.open_network(model=predictor, image=image)

# %% [markdown]
# ## Photos and masks
#
# What is in the data? Leaf through it, person by person, or one gesture across all persons. ([Lesson 01](01_photos_and_masks.ipynb))

# %%
hs.explore.wall(hs.drawn.load())

# %%
hs.explore.browse(split.test)

# %% [markdown]
# ## Augmentation
#
# How far may a photo be changed before it stops being one of a hand? What does interpolation do to a mask?
# ([Lesson 02](02_batches_and_augmentation.ipynb))

# %%
hs.explore.play_augmentation(split.test[0])

# %% [markdown]
# ## Convolution
#
# What do nine numbers see in a photo? Drag the square, and change the numbers. ([Lesson 03](03_the_encoder.ipynb))

# %%
hs.explore.convolve(image)

# %% [markdown]
# ## Inside the encoder
#
# How much of the photo does one value see, and what makes it strong? The first encoder knows ImageNet only, the second
# was fine-tuned on hands. ([Lesson 03](03_the_encoder.ipynb))

# %%
imagenet = hs.build_unet(predictor.size)
hs.explore.look_inside(imagenet, image, tuned=predictor)

# %% [markdown]
# ## Skips
#
# What does each skip bring? Take one away, then all. ([Lesson 04](04_the_u_net.ipynb))

# %%
hs.explore.cut_skips(predictor, image, mask)

# %% [markdown]
# ## Losses and metrics
#
# The same shift for a large hand and for a small one. Which number notices, and which does not?
# ([Lesson 05](05_losses_and_metrics.ipynb))

# %%
hs.explore.play_loss()

# %% [markdown]
# ## Down a loss surface
#
# Which learning rate brings the ball to the lowest place, and what do warm-up and clipping do?
# ([Lesson 06](06_training.ipynb))

# %%
hs.explore.roll_ball()

# %% [markdown]
# ## Training
#
# What does a network know after each pass over the photos? Here a small one learns from 24 photos, for half a minute.
# The picture is drawn anew after every epoch. ([Lesson 06](06_training.ipynb))

# %%
small, size = hs.build_unet(64), 64
train, val = hs.Batches(split.train[:24], size, 4, augment=True), hs.Batches(split.val[:8], size, 4)
watch = hs.explore.watch_training(split.val[0])
history = hs.fit(small, train, val, epochs=4, frozen_epochs=4, callbacks=[watch])

# %%
hs.explore.replay_training(watch)

# %% [markdown]
# ## Predictions
#
# Where is the network wrong, and would another threshold help? The worst photos come first.
# ([Lesson 07](07_exploring_predictions.ipynb))

# %%
hs.explore.explore(predictor, split.test[:8])

# %% [markdown]
# ## Fool it
#
# What does the network take for a hand? Paint on the photo, and the mask follows. ([Lesson
# 07](07_exploring_predictions.ipynb))

# %%
hs.explore.fool(predictor, image)

# %% [markdown]
# ## Your own photo
#
# Does it find your hand, in your light, before your wall? Choose a photo, drop one on the frame, or take one with the
# camera; the mask and the hand cut out can be downloaded.

# %%
hs.explore.try_photo(predictor)

# %% [markdown]
# So it looks for a photo of a hand:

# %%
hs.explore.draw_photo(image, predictor(image), predictor.threshold)

# %% [markdown]
# ## Your camera
#
# Does it follow your hand when you turn it, make a fist, or hold it before your face? Press "start the camera". The mask
# is drawn over the picture several times a second, or the background is blurred or replaced; "stop the camera" turns it
# off.

# %%
hs.explore.live(predictor)
