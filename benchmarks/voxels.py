"""The voxels that every benchmark fits: the article's protocol, tissue over the range of spinal
lesions, Rician noise.
"""

import numpy as np

from ivim import article

B = np.array(article.B_VALUES, float)
AVERAGES = np.array(article.AVERAGES, float)
SNR = 50
LESION = {
    "adc_slow": 1.0e-3,
    "adc_fast": 20e-3,
    "f": 0.15,
}  # mm²/s; inside the range of the article's Table 2


def biexponential(b, adc_slow, adc_fast, f):
    """Signal with s0 = 1, shape (m, b) for parameters of shape (m,)."""
    slow, fast, f = (np.atleast_1d(value)[:, None] for value in (adc_slow, adc_fast, f))
    return (1 - f) * np.exp(-b * slow) + f * np.exp(-b * fast)


def magnitude(signal, sigma, rng):
    """Magnitude of a signal with complex Gaussian noise of level sigma per channel."""
    return np.abs(
        signal + rng.normal(0, sigma, signal.shape) + 1j * rng.normal(0, sigma, signal.shape)
    )


def tissue(n, seed=0):
    """n voxels with f .05-.5, D .4-2.0e-3, D* 8-60e-3 mm²/s at SNR 50, one excitation per b:
    (signals (n, b), truth by name).
    """
    rng = np.random.default_rng(seed)
    truth = {
        "f": rng.uniform(0.05, 0.5, n),
        "adc_slow": rng.uniform(0.4e-3, 2e-3, n),
        "adc_fast": rng.uniform(8e-3, 60e-3, n),
    }
    return magnitude(
        biexponential(B, truth["adc_slow"], truth["adc_fast"], truth["f"]), 1 / SNR, rng
    ), truth


def lesions(n, snr, voxels=1, seed=0):
    """n signals of one lesion, each the mean over `voxels` magnitudes averaged as the article's
    protocol does; shape (n, b).
    """
    rng = np.random.default_rng(seed)
    clean = biexponential(B, **LESION)[0]
    samples = [
        magnitude(np.broadcast_to(s, (n, int(k) * voxels)), 1 / snr, rng).mean(1)
        for s, k in zip(clean, AVERAGES, strict=True)
    ]
    return np.stack(samples, axis=1)
