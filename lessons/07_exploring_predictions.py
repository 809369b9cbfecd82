# %% [markdown]
# # 07 Exploring predictions
#
# *The training is over, and you have a score. Which photos does this one number hide? What do the bad ones have in
# common, and could the network have told you that it was not sure?*
#
# **You will be able to**
# - look at the worst results first, and say what kind of error you see;
# - choose a threshold without using the test persons;
# - find out whether a network notices its errors, and whether its probabilities are honest;
# - save a model in a file that opens again in a new process.
#
# **Time:** 90 minutes to work through; the computer needs {{ceil(memory["07"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** IoU from [05 Losses and metrics](05_losses_and_metrics.ipynb), and the split by person from [01 Photos
# and masks](01_photos_and_masks.ipynb).

# %% [markdown]
# This is the whole network of the course, trained. This lesson is about what comes out. Click on a block to open it, or
# use Tab and the arrow keys.

# %%
hs.explore.open_network("hand")

# %% [markdown]
# ## 1. People whom it has never seen
#
# You look at the course's own network. `hs.load_predictor` returns a [predictor](../docs/glossary.md#predictor): a
# network together with a threshold. Its card says which photos it was trained on, and which threshold belongs to it.
# Without such a card you cannot tell which test of a model is a fair one.

# %%
import numpy as np
import pandas as pd

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
predictor = hs.load_predictor()
card = predictor.card

# %%
print(card["data"])
print("trained on persons", *card["split"]["train"])
print("threshold", predictor.threshold, "was chosen on persons", *card["split"]["val"])
print(f"IoU {card['test']['iou']:.3f} was scored on persons", *card["split"]["test"])
assert not set(card["split"]["train"] + card["split"]["val"]) & {s.person for s in split.test}

# %% [markdown]
# This score on the card is that of the network as you get it, with the threshold of the card.
#
# If your photos are HGR1's, the test persons are those of the card. If your photos are drawn, the network has not seen
# these persons either. But a few drawn hands of others were among its photos. So the test is fair, and a little easier
# than one on hands of a kind that it has never seen.

# %%
report = hs.evaluate(predictor, split.test)
summary = pd.Series(report.summary(), name="test persons")
summary[["iou", "iou_low", "iou_high", "f1", "worst_person_iou", "boundary_px"]].astype(float).round(3).to_frame()

# %% [markdown]
# `iou` is the mean [IoU](../docs/glossary.md#iou) over photos, each at its own size. `iou_low` and `iou_high` say how
# different this mean could be with other persons (lesson 08). With three persons they are hardly more than the worst
# person and the best. [`boundary_px`](../docs/glossary.md#boundary_px) is, for each photo, the median distance from
# the predicted outline to the true one, in pixels. The table shows the middle one of all photos. A 0.000 does not mean
# a perfect mask. In such a photo, at least half of the predicted outline lies exactly on the pixels of the true one,
# and the other half may be off.
#
# You know four of these hands from lesson 01. Here they are with the masks of the network. The fourth is a hand of a
# training person. If your photos are HGR1's, the network was trained on that hand, so its score proves nothing.

# %%
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
pictures, titles = [], []
for sample in four:
    image, true = sample.read()
    pred = predictor.mask(image)
    pictures.append(hs.plots.overlay(image, pred))
    titles.append(f"person {sample.person}, IoU {hs.metrics.iou(true, pred):.2f}")
hs.plots.images(pictures, titles, alt="The four hands of the course, each with the mask that the network predicts.")

# %% [markdown]
# Now look at the mean by person and by gesture, the worst first:

# %%
report.by("person").round(3)

# %%
report.by("gesture").head(6).round(3)

# %% [markdown]
# Be careful with the second table. Its last column shows that a gesture has few photos, so a single bad photo lowers
# its mean. Some gesture is always last. Before you call a gesture difficult, check whether it is difficult for more
# than one person.

# %%
persons = report.by("person").index
alt = "Each test photo as a dot at its IoU, in a row for each person, and a bar at the person's mean."
fig, ax = hs.plots.figure(alt, width=7.0, height=2.4)
for row, person in enumerate(persons):
    scores = report.table.iou[report.table.person == person]
    ax.plot(scores, np.full(len(scores), row), "o", color=hs.plots.BLUE, alpha=0.4)
    ax.plot(scores.mean(), row, "|", color=hs.plots.VERMILION, markersize=28, markeredgewidth=3)
ax.set_yticks(range(len(persons)), [f"person {person}" for person in persons])
ax.set(xlabel="IoU of a photo (bar: the person's mean)", ylim=(len(persons) - 0.5, -0.5))
fig

# %% [markdown]
# A mean hides this. If one person's dots lie close together and another person has two failures, both can have the
# same mean.

# %% [markdown]
# ## 2. Exercise: worst first (warm-up)
#
# Which photos do you look at first? Write a function that takes the IoUs of some photos, as a numpy array, and a
# number `n`. It returns the **positions** of the `n` worst photos, beginning with the worst. For `[0.9, 0.3, 0.6]` and
# `n = 2` these are 1 and 2.


# %%
def worst_first(ious, n):
    # <solution>
    return np.argsort(ious)[:n]
    # </solution>


# %%
hs.check.worst_first(worst_first)

# %% [markdown]
# ## 3. Worst first
#
# Many reports end with a few predictions. How were they chosen? Here are the four best photos of the table, and below
# them the four worst. It is the same network and the same test.

# %%
order = report.table.sort_values("iou", kind="stable").index  # pandas' way to the same order
pictures, titles = [], []
for i in [*order[::-1][:4], *order[:4]]:
    image, true = split.test[i].read()
    pictures.append(hs.plots.overlay(image, predictor.mask(image)))
    titles.append(f"person {split.test[i].person}, IoU {report.table.iou[i]:.2f}")
hs.plots.images(
    pictures, titles, alt="Two rows of hands with predicted masks: the four best photos above, the four worst below."
)

# %% [markdown]
# Each row alone would give a wrong impression. But only the lower one shows what to do next. So look closely at the
# worst photos, and write one line about each. The cause can be one of three:
#
# - **the photo**: it is blurred or dark, the hand is cut off by the edge, or something else has the colour of skin;
# - **the mask**: look at the true outline before you blame the network, because people make mistakes in masks, too;
# - **the network**: photo and mask are fine, and it fails all the same.

# %%
worst = [split.test[i] for i in order[:6]]
hs.plots.predictions(predictor, worst[:3])

# %% [markdown]
# <details>
# <summary>What we saw on the stored page</summary>
#
# All three are the gesture E. Between thumb and forefinger it leaves an opening, and behind this opening lie other
# parts of the hand, in deep shadow. The true mask marks them, and rightly: a program that draws a hand knows where it
# is. The network takes them for background. So the first cause is the photo, which is dark there, and the second the
# network, which has not learned that a hand goes on in its own shadow.
#
# </details>
#
# And your own hand? Here it is beside the four hands of the lesson, if you gave the course a photo of it in lesson 00.
# (If not, a test person's hand stands in its place.)

# %%
photos = [hs.my_hand.load(split.test[-1].read()[0]), *(sample.read()[0] for sample in four)]
masked = [hs.plots.overlay(photo, predictor.mask(photo)) for photo in photos]
titles = ["your own", *(f"person {sample.person}" for sample in four)]
hs.plots.images(masked, titles, alt="Your hand and the four of the course, with the network's masks.", columns=5)

# %% [markdown]
# Your photo has no true mask, so there is no IoU, and no list can put it in its place. You have to look. Go round the
# outline once, and ask three questions:
#
# - **What is missing?** Look at the fingertips, and at the side that lies in shadow.
# - **What is too much?** Look at sleeves, faces, wood, and the gaps between fingers.
# - **Where does it end?** In the masks of the course, the bare skin of the arm belongs to the hand (lesson 00), and a
#   sleeve does not.

# %% [markdown]
# ## 4. What kind of error?
#
# A few photos are only examples. To say what goes wrong in all of them, sort every wrong pixel by two questions.
#
# **Missed or false?** Missed hand is skin that the network did not find. False hand is something else that the network
# called hand.
#
# **Near the outline or far from it?** Near the outline, people who make masks disagree, too. On HGR1, one pixel more
# all round already costs {{audit.one_pixel:.3f}} in F1. Far from the outline, a whole piece is wrong: the network made
# a mistake, or a part is missing in the mask. You have to look to know which. Here, "near" means within one hundredth
# of the photo's longer side.

# %%
import cv2


def sort_errors(true, pred):
    width = round(max(true.shape) / 100)
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    near = cv2.dilate(true, kernel) > cv2.erode(true, kernel)  # a band along the true outline
    missed, false = true > pred, pred > true
    kinds = {"missed far": missed & ~near, "missed near": missed & near}
    return kinds | {"false near": false & near, "false far": false & ~near}


# %%
image, true = worst[0].read()
kinds = sort_errors(true, predictor.mask(image))
hs.plots.images(
    [hs.plots.overlay(image, true), *kinds.values()],
    ["the true mask", *kinds],
    columns=5,
    alt="The worst photo with its true mask, and its wrong pixels: missed or false, near the outline or far from it.",
)

# %% [markdown]
# Now count the errors in all test photos. To compare persons, divide by the area of their hands.

# %%
rows = []
for sample in split.test:
    image, true = sample.read()
    counts = {kind: int(wrong.sum()) for kind, wrong in sort_errors(true, predictor.mask(image)).items()}
    rows.append({"person": sample.person, "hand": int(true.sum())} | counts)
errors = pd.DataFrame(rows)
assert errors["missed far"].sum() + errors["missed near"].sum() == report.table.fn.sum()
totals = errors.groupby("person").sum().loc[persons]
shares = totals[list(kinds)].div(totals.hand, axis=0)
shares.round(3)

# %%
alt = "A bar for each person, worst on top: wrong pixels as a share of the hand, missed or false, near or far."
fig, ax = hs.plots.figure(alt, width=7.0, height=2.6)
colours = hs.plots.BLUE, hs.plots.SKY, hs.plots.ORANGE, hs.plots.VERMILION
left = np.zeros(len(shares))
for kind, colour in zip(shares, colours):
    ax.barh(range(len(shares)), shares[kind], left=left, color=colour, edgecolor="white", label=kind)
    left += shares[kind].to_numpy()
ax.set_yticks(range(len(shares)), [f"person {person}" for person in shares.index])
ax.set(xlabel="wrong pixels, as a share of the person's hand pixels", ylim=(len(shares) - 0.5, -0.5))
fig.legend(fontsize=8, loc="outside upper center", ncols=4)
fig

# %% [markdown]
# The bars tell you what to do.
#
# - Much of the two colours in the middle: the outline is a little off. Train at a larger size, or find out how exact
#   the masks are. Because of the masks, no network can bring this to zero.
# - Much **false far**: whole things are called hand. Go back to the photos. Is the mask right? Is it always the same
#   kind of thing, such as a sleeve, a wall or wood? Then add photos of hands *with* that thing to the training.
# - Much **missed far**: parts of hands are not found, for example in a shadow, or in a tone of skin that was rare in
#   the training. If most of it belongs to one person, take it seriously: the network works worse for that person.

# %% [markdown]
# ## 5. The threshold
#
# So far all masks were cut at one [threshold](../docs/glossary.md#threshold). With a lower one, the network would miss
# less hand and call more background hand. To try other thresholds you need the probabilities only once:

# %%
thresholds = np.arange(0.05, 1, 0.05).round(2)
image, true = worst[0].read()
probability = predictor(image)
print("threshold", *[f"{threshold:.2f}" for threshold in thresholds])
print("IoU      ", *[f"{hs.metrics.iou(true, probability >= threshold):.2f}" for threshold in thresholds])

# %% [markdown]
# Which threshold is best for this photo? On the stored page, many are equally good. On another photo the best may be
# far from 0.5: for example, where a sleeve looks like skin, only a very high one may let go of it. But one photo must
# not decide for all the others.

# %% [markdown]
# ## 6. Exercise: the best threshold (core)
#
# This was a single photo. Write a function that takes a list of probabilities, a list of true masks and some
# thresholds. The photos may differ in size. A pixel is hand if its probability is at least the threshold (`>=`). The
# function returns the threshold with the highest mean IoU. The mean is taken over photos.


# %%
def best_threshold(hands, masks, thresholds):
    # <solution>
    scores = [np.mean([hs.metrics.iou(mask, hand >= t) for hand, mask in zip(hands, masks)]) for t in thresholds]
    return thresholds[np.argmax(scores)]
    # </solution>


# %%
hs.check.best_threshold(best_threshold)

# %% [markdown]
# ## 7. On whose photos to choose it
#
# On which people should you use this function? If you choose the threshold on the test persons, the report becomes a
# little too good, as with every choice that is made on the test set. The validation persons are there for such
# choices. The library's function is `hs.tune_threshold`, which tries every hundredth. Here are the curves of both
# groups. Only the first one decides.

# %%
chosen, val = hs.tune_threshold(predictor, split.val)
best_on_test, test = hs.tune_threshold(predictor, split.test)  # to look at; it decides nothing
at_chosen = test.iou[val.iou.argmax()]
print(f"chosen on the validation persons: {chosen}, where the test persons score {at_chosen:.4f}")
print(f"chosen on the test persons:       {best_on_test}, where they score {test.iou.max():.4f}")
assert test.iou.max() >= at_chosen

# %%
alt = (
    "Mean IoU against the threshold, for the validation persons and for the test persons; a line marks the one chosen."
)
fig, ax = hs.plots.figure(alt, width=7.0)
ax.plot(val.threshold, val.iou, color=hs.plots.BLUE, label="validation persons: choose here")
ax.plot(test.threshold, test.iou, "--", color=hs.plots.VERMILION, label="test persons: report, do not choose")
ax.axvline(chosen, color=hs.plots.GREY, label=f"chosen: {chosen}")
ax.set(xlabel="threshold", ylabel="mean IoU")
ax.legend(fontsize=8)
fig

# %% [markdown]
# The second threshold was chosen on the test persons. So their score with it cannot be lower than with the first, even
# if only chance has chosen it. Do not report it. If the first score is far below the second, do not go back and take
# the second threshold. You have learned something else: two persons are few to choose by.
#
# Look at the shape of the curves as well. If the top is flat, the exact threshold matters little:

# %%
flat = val.threshold[val.iou > val.iou.max() - 0.005]
print(f"within 0.005 of the best on the validation persons: thresholds {flat.min():.2f} to {flat.max():.2f}")

# %% [markdown]
# So which threshold should you use in the end? A part of the gain over the usual 0.5 may be chance, on the validation
# persons, too. The gain is different for different people. How much does each of yours gain?

# %%
at_best, at_half = (hs.evaluate(hs.Predictor(predictor.model, cut), split.val) for cut in (chosen, 0.5))
gains = at_best.by("person").iou - at_half.by("person").iou
gains.map("{:+.4f}".format).to_frame(f"IoU at {chosen}, over that at 0.5")

# %% [markdown]
# If one gains and the other loses, you do not know. If both gain, it may be real. But remember that the threshold was
# chosen to suit these very two: their mean cannot be lower with it. With more than a few persons you would compute an
# interval for the mean gain (lesson 08). With two persons, the interval says nothing more than the two numbers above:
# it reaches from the one to the other.
#
# So the course has a cautious rule: use 0.5, unless every validation person gains. It is no more than a rule, because
# with two persons nothing can be proved. On HGR1's two validation persons the best threshold is
# {{card.threshold_choice.best}}, with an IoU of {{card.threshold_choice.iou_at_best:.3f}}; 0.5 has
# {{card.threshold_choice.iou_at_half:.3f}}. One person gains {{card.threshold_choice.high:.4f}} by it, and the other
# one loses {{-card.threshold_choice.low:.4f}}. So the threshold of the course's model is {{card.threshold}}.
#
# <!-- holds: card.threshold == 0.5 and card.threshold_choice.low < 0 < card.threshold_choice.high -->
# On other pictures, such as drawn hands or your own photos, another threshold may be better. You find it in the same
# way, on some photos with masks that you do not use for your report.

# %% [markdown]
# ## 8. Does it notice when it is wrong?
#
# In use, you have no true mask. Could the network itself warn you? Ask it twice. The mirror image of a hand is also a
# hand, so a mirrored photo should give the mirrored answer. Where it does not, the network is not sure.


# %%
def second_look(image):
    """The probability for the mirrored photo, mirrored back."""
    return predictor(image[:, ::-1])[:, ::-1]


# %%
pictures, titles = [], []
for sample in worst[:2]:
    image, true = sample.read()
    first, second = predictor(image), second_look(image)
    wrong = hs.plots.errors(image, true, (first >= predictor.threshold).astype(np.uint8))
    pictures += [first, second, np.minimum(1, 5 * abs(first - second)), wrong]
    titles += ["first look", "second look", "disagreement, times 5", hs.plots.ERRORS]
alt = "Two rows: the probability of hand, the one from the mirrored photo, their difference, and the wrong pixels."
hs.plots.images(pictures, titles, alt)

# %% [markdown]
# Are the errors where the two answers disagree? Test it. In each photo, take the 5 % of the pixels with the largest
# disagreement. What share of the wrong pixels is among them? By chance it would be 5 %. Compare it with a simpler way
# that needs no second look: take the pixels whose probability is nearest to one half.


# %%
def hit(doubt, wrong, share=0.05):
    count = int(share * doubt.size)
    top = np.argpartition(doubt.ravel(), -count)[-count:]
    return wrong.ravel()[top].sum() / max(1, wrong.sum())


# %%
rows, hands, truth = [], [], []
for sample in split.test:
    image, true = sample.read()
    first, second = predictor(image), second_look(image)
    hands.append(first)
    truth.append(true)
    wrong, disagreement = (first >= predictor.threshold) != true, abs(first - second)
    hits = {"disagreement": hit(disagreement, wrong), "near one half": hit(-abs(first - 0.5), wrong)}
    both = hs.metrics.iou(true, (first + second) / 2 >= predictor.threshold)
    rows.append({"doubt": disagreement.mean(), "iou both looks": both} | hits)
looks = pd.DataFrame(rows)
looks[["disagreement", "near one half"]].mean().to_frame("share of wrong pixels hit by 5 % of all").round(2)

# %% [markdown]
# Compare both rows with chance, and with each other. The second look takes twice the time, so you might expect it to
# find more. Does it? Neither of the two finds the errors of which the network is **sure**. If it takes a sleeve for
# skin, it does so in the mirror as well.
#
# So far you compared pixels of one photo. Now compare photos: which of a thousand masks should a person check first?
# The **rank correlation** compares two orders. Sort the photos by disagreement and by IoU. If one order is the reverse
# of the other, it is -1; if they have nothing to do with each other, it is 0.

# %%
rank = looks.doubt.rank().corr(report.table.iou.rank())
fig, ax = hs.plots.figure(
    f"Each test photo as a dot: mean disagreement against IoU, rank correlation {rank:.2f}.", width=6.0
)
ax.plot(looks.doubt, report.table.iou, "o", color=hs.plots.BLUE, alpha=0.5)
ax.set(xlabel="mean disagreement of a photo", ylabel="IoU", title=f"rank correlation {rank:.2f}")
ax.locator_params(axis="x", nbins=5)
fig

# %% [markdown]
# On the stored page, the rank correlation is not far below 0, and the two worst photos are not among those on
# the right. With so few photos, that is hardly worth a check. The network was sure and wrong there, about skin in deep
# shadow. Such a photo lies among the good ones, and a second look does not find it.
#
# If yours is well below 0, it is worth checking the photos on the right first. On the 219 photos of HGR1's test
# persons it is {{-doubt.spearman:.2f}} ([results](../docs/results.md)). (There the disagreement was measured in
# another way, as one minus the IoU of the two masks.)
#
# One question is left. You have two answers for each photo. Is their mean better than the first answer alone?

# %%
print(f"mean IoU of the first look {report.table.iou.mean():.4f}, of both {looks['iou both looks'].mean():.4f}")

# %% [markdown]
# With so few photos, a difference of a few thousandths means nothing. It was measured in the small test of lesson 02,
# with smaller networks, on nine persons of HGR1, whom they had not seen. The mean of both looks has an IoU of
# {{ablation["two looks: the mean of photo and mirror image"].iou:.3f}}, and the first look alone has
# {{ablation["the recipe"].iou:.3f}}. The gain is small, and eight of the nine persons have it
# ([results](../docs/results.md)). It needs no training. `hs.Predictor(model, mirror=True)` looks twice, and takes twice
# the time. (Do not do this where left and right matter, as in pictures of text.)
#
# <!-- holds: ablation["two looks: the mean of photo and mirror image"].worse_persons == 1 and ablation["two looks: the mean of photo and mirror image"].low > 0 -->

# %% [markdown]
# ## 9. Exercise: are its probabilities honest? (stretch)
#
# Suppose the network gives many pixels a probability of 0.8. Are 8 of 10 of them hand? If this holds for every
# probability, the network is called **calibrated**.
#
# Write a function that takes a list of probabilities and a list of true masks (one of each for each photo, and photos
# may differ in size), and two bounds. It looks at all pixels, in all photos together, whose probability is at least
# `low` and less than `high`. It returns the share of these pixels that is hand.


# %%
def share_of_hand(hands, masks, low, high):
    # <solution>
    inside = [mask[(hand >= low) & (hand < high)] for hand, mask in zip(hands, masks)]
    return np.concatenate(inside).mean()
    # </solution>


# %%
hs.check.share_of_hand(share_of_hand)

# %% [markdown]
# Once the check says "Right!", try it in a new cell: `share_of_hand(hands, truth, 0.7, 0.8)`. For a calibrated network
# the result is about 0.75. The figure shows the same for ten pairs of bounds.

# %%
edges = np.linspace(0, 1, 11)
everything = sum(np.histogram(hand, edges)[0] for hand in hands)
skin = sum(np.histogram(hand[true == 1], edges)[0] for hand, true in zip(hands, truth))
total = sum(np.histogram(hand, edges, weights=hand)[0] for hand in hands)
said, share = total / np.maximum(1, everything), skin / np.maximum(1, everything)
fig, ax = hs.plots.figure(
    "The share of hand pixels against the probability that the network gave them; a dashed diagonal is honesty.",
    width=4.5,
)
hs.plots.lines(ax, said, {"this network": share, "an honest one": said}, "probability it said", "share that is hand")
fig

# %%
for number in (0, 5, 9):
    print(f"where it says about {said[number]:.2f}, the share of hand is {share[number]:.2f}")
lowest, highest = min(hand.min() for hand in hands), max(hand.max() for hand in hands)
print(f"its smallest answer is {lowest:.3f}, its largest {highest:.3f}")

# %% [markdown]
# Such a figure is called a **reliability diagram**. Where the curve is above the diagonal, more of the pixels are hand
# than the network says. Where it is below, fewer are. (The *expected calibration error*, which papers report, is the
# mean distance between curve and diagonal, in which every pixel counts.)
#
# Read the two ends first. On the stored page, both are nearly honest: what gets almost 0 is not hand, and what gets
# almost 1 is. A network that says 0.07 where no pixel is hand, and 0.96 where nearly all are, would be too
# **cautious**, which is usual after a short training.
#
# Then read the middle. On the stored page, the curve lies above the diagonal on the right of 0.5: more of these pixels
# are hand than the network says. Look where the curve reaches the height 0.5. If the probability below it is less than
# 0.5, a lower threshold may give better masks of these photos. Compare this with the threshold that the validation
# persons chose.
#
# <details>
# <summary>What to do about a network that is too cautious, or too sure</summary>
#
# A network that is trained for long is more often too **sure** ([a paper of 2017](https://arxiv.org/abs/1706.04599)).
# The usual remedy for both is *temperature scaling*: the number before the sigmoid is divided by one number, the
# temperature, which is chosen on the validation persons. It helps if the curve is off in the same way on both sides.
#
# </details>
#
# But remember how few pixels this is about:

# %%
doubtful = everything[1:-1].sum() / everything.sum()
print(f"{doubtful:.1%} of all pixels have a probability between 0.1 and 0.9")
assert doubtful < 0.2

# %% [markdown]
# ## 10. Move the slider
#
# Here are the six worst photos again, with a slider for the threshold. Go through them. For which of them is another
# threshold better? For which of them does no threshold help? Write a note on each photo, and download the list. It
# tells you what to change before your next training.

# %%
hs.explore.explore(predictor, worst)

# %% [markdown]
# The slider needs a running notebook. On a page that does not run, here is the worst photo at a high threshold:

# %%
hs.explore.draw_threshold(worst[0], predictor(worst[0].read()[0]), 0.9)

# %% [markdown]
# `hs.explore.try_photo(predictor)` takes a photo of yours, from a file or from the camera. It shows where the network
# finds a hand, and lets you download the mask and the hand cut out. All sliders of the course are together in
# [Sliders](sliders.ipynb).

# %% [markdown]
# If you have trained lesson 06's network, you can switch to it here. It has the same layers, but it has learned for
# minutes only, from smaller photos. Where is it as good as the course's, and where is it not?

# %%
hs.explore.try_photo(predictor, hs.my_network.load())

# %% [markdown]
# What does the network go by? Try to fool it. Choose a brush, and paint on the photo: skin's colour on the wall, a
# shadow across the hand, a ring, a scribble. The mask follows. Which paint does it take for hand, and which part of the
# hand can you make it lose?

# %%
hs.explore.fool(predictor, hs.my_hand.load(samples[0].read()[0]))

# %% [markdown]
# ## 11. A file for a model
#
# A trained model has cost hours, so you save it in a file. Do not wait for the end of the training to try this. Save
# and load a network **before** you train it, while nothing can be lost, and load it in a **new** process.
#
# Why a new process? A model's file holds the *names* of the loss and the metrics, but not their code. If your loss is a
# function of your own, a new notebook does not know it, and loading fails. There are two remedies:
#
# - If you only want predictions, you do not need the loss: `load_model(path, compile=False)`.
# - If you want to train further, **register** the function. Then Keras finds it by its name in every program that
#   imports your module.
#
# Try all three cases with a network of one layer. (Keras does not look into the notebook for your function, so for
# this experiment one process is enough.)


# %%
import tempfile
from pathlib import Path

import keras

store = tempfile.TemporaryDirectory()  # gone when the notebook ends


def my_loss(true, pred):
    both, total = keras.ops.sum(true * pred), keras.ops.sum(true) + keras.ops.sum(pred)
    return 1 - 2 * both / total


def save_and_load(loss, **options):
    path = Path(store.name) / "tiny.keras"
    tiny = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    tiny.compile("sgd", loss=loss)
    tiny.save(path)
    try:
        return f"loads, with {keras.models.load_model(path, **options).count_params()} parameters"
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).split('If they are')[0]}"


# %%
print("as it is:     ", save_and_load(my_loss))
print("compile=False:", save_and_load(my_loss, compile=False))
registered = keras.saving.register_keras_serializable("my_project")(my_loss)  # mostly written as @... above the def
print("registered:   ", save_and_load(registered))
assert save_and_load(registered).startswith("loads")

# %% [markdown]
# The library's losses and layers are registered, and `hs.load_predictor(path)` loads a file of yours without the loss.
# (In PyTorch, save `model.state_dict()`, and with it the arguments that built the model.)
#
# <details>
# <summary>As published: model.h5</summary>
#
# The article saves its model as `model.h5`, an older format of Keras. It loads the file in the same notebook, where
# its loss is still known, with `custom_objects`. In a new notebook the file does not open. The message, "string
# indices must be integers", does not say that a loss is missing.
#
# </details>

# %% [markdown]
# ## 12. What you learned
#
# - A mean hides the bad photos. Look at each person, and at the worst photos first.
# - Sort the errors: missed or false, near the outline or far from it. Each kind needs another remedy.
# - Choose the threshold on people on whom you do not report. Use another one than 0.5 only if every validation person
#   gains.
# - Doubtful probabilities, or a second look, show where a network is unsure. They do not show where it is sure and
#   wrong.
# - A network is calibrated if 8 of 10 pixels with a probability of 0.8 are hand. You can count that.
# - Save and load before you train, and load in a new process. Register your own functions. If you only predict, use
#   `compile=False`.

# %% [markdown]
# ## 13. Quiz

# %%
hs.quiz("07")

# %% [markdown]
# ## 14. Next
#
# You now know what to ask of a prediction. One question is left: what do the scores of three persons say about a
# fourth? In [08 Unseen people](08_unseen_people.ipynb), every person is left out of the training once.
