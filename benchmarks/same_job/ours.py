"""The same job with handseg_lib: the README's script, but for the line that saves the network."""

import handseg_lib as hs

samples = hs.pair("photos", "masks", person="^[^_]+", skin="white")
print(hs.check_pairs(samples))
split = hs.split_by_person(samples, val=("11",), test=("12",))
train, val = hs.Batches(split.train, size=224, augment=True), hs.Batches(split.val, size=224)
model = hs.build_unet(size=224)
hs.fit(model, train, val, epochs=2)
print(hs.evaluate(hs.Predictor(model), split.test).summary())
