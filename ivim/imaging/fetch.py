"""Real, openly licensed scans to try the project on: fetched from pinned commits, checked by SHA-256, never part of the project.

``spinal_cord_ivim``: human spinal cord at 7 T, 11 b-values from 5 to 800 s/mm², three encoding directions, cord mask
(Lévy et al. 2020, Magn Reson Med 84:1082; MIT licence). ``abdomen_wetscherek``: two volunteers, b from 0 to 500 s/mm²,
six directions kept apart, masks and organ labels (Wetscherek, Stieltjes and Laun 2015, Magn Reson Med 74:410; BSD-2).
"""

from pathlib import Path

import numpy as np

CORD = "https://raw.githubusercontent.com/slevyrosetti/ivim-toolbox/42809f1681102e654177105fd76d635c60b2d413/"
ABDOMEN = "https://raw.githubusercontent.com/awetscherek/ivim_tools/8a85f923f6748abc3c2c9cfac17e7cf987315273/"

FILES = {
    "spinal_cord_ivim/LICENSE": (CORD + "LICENSE", "dc33895b305ea60200867a67d3f0b85aaa63bdfc6f0bbe3b3d74621d6bb567ba"),
    "spinal_cord_ivim/bval_ap.txt": (CORD + "test_data/bval_ap.txt", "b15f2c0722d7febae070b34ee3203da0a9a362657821f5d098ad28262a94fd99"),
    "spinal_cord_ivim/bval_is.txt": (CORD + "test_data/bval_is.txt", "b15f2c0722d7febae070b34ee3203da0a9a362657821f5d098ad28262a94fd99"),
    "spinal_cord_ivim/bval_rl.txt": (CORD + "test_data/bval_rl.txt", "b15f2c0722d7febae070b34ee3203da0a9a362657821f5d098ad28262a94fd99"),
    "spinal_cord_ivim/cord_seg_dilated.nii.gz": (CORD + "test_data/cord_seg_dilated.nii.gz", "566712ac5344288d5e21b963c4ab593d0c4efc69207a52aaa05174497e6a104e"),
    "spinal_cord_ivim/dwi_ap_native.nii.gz": (CORD + "test_data/dwi_ap_native.nii.gz", "e31251a30b28dee2abc51ce65d3a1b156188c97c8dc3ec2062d372de0cd50c0c"),
    "spinal_cord_ivim/dwi_is_native.nii.gz": (CORD + "test_data/dwi_is_native.nii.gz", "94fc79875820982dc24481a14bcc70a57f3dfe67cb2e9ce80ac7285ecf329095"),
    "spinal_cord_ivim/dwi_rl.nii.gz": (CORD + "test_data/dwi_rl.nii.gz", "926b8bc637d2eca89a96303644d70faf151d56ac5971af80b15ee6856494c764"),
    "abdomen_wetscherek/license.txt": (ABDOMEN + "license.txt", "62120bfc06edec30b5f23cb284276ebc46d6d39a0efb01004cbb72b1c6ef61c1"),
    "abdomen_wetscherek/volunteer1.mat": (ABDOMEN + "data/volunteer1.mat", "afb46f216099d35d36b6923048d93f390d63e355cfbbd7cc0647ffdb74dc5f2f"),
    "abdomen_wetscherek/volunteer2.mat": (ABDOMEN + "data/volunteer2.mat", "6cb9dab3bd0442fc3ff0d29882ff6683d9b2ddcf1156ff7b3b08c2064d4bff6c"),
}  # fmt: skip
"""Place under the target folder to (address at a pinned commit, SHA-256)."""

ECHO_TIMES_MS = (40, 70, 100)
BIPOLAR = 1  # code of the bipolar gradients in the abdominal files; images without diffusion weighting have none


def fetch_data(folder=None, downloader=None):
    """Fetch the scans that are not there yet; yields as it goes, so that a caller can show progress.

    Parameters
    ----------
    folder : path, optional
        By default the user's cache folder (:func:`default_folder`).
    downloader : callable, optional
        As pooch takes it, ``(url, output_file, pooch)``; by default over HTTPS.

    Yields
    ------
    Path
        Each file once it is there and its SHA-256 is right.

    Raises
    ------
    ValueError
        When a file cannot be reached or is not the pinned one; a wrong file is not kept.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    folder = Path(folder or default_folder())
    registry = {name: f"sha256:{sha}" for name, (_, sha) in FILES.items()}
    addresses = {name: address for name, (address, _) in FILES.items()}
    store = pooch.create(folder, base_url="", registry=registry, urls=addresses, retry_if_failed=2)
    for name, address in addresses.items():
        try:
            path = Path(store.fetch(name, downloader=downloader))
        except OSError as error:
            msg = f"{name} could not be fetched from {address} ({type(error).__name__}); check the connection and try again"
            raise ValueError(msg) from error
        yield path
        if path.suffix == ".mat":
            yield from _abdomen_to_nifti(path)


def default_folder():
    """The user's cache folder for the scans."""
    import pooch

    return Path(pooch.os_cache("ivim"))


def _abdomen_to_nifti(path):
    """Write the bipolar images at each echo time, their b-values, the mask and the organ labels beside a volunteer's MATLAB file.

    The file gives no geometry: the grid is that of the voxel indices, as if they were 1 mm.
    """
    import nibabel as nib
    from scipy.io import loadmat

    from ivim.imaging.formats import save_image

    content = loadmat(path)
    b, echo, shape = (content[key].ravel() for key in ("b", "T", "betta"))
    for time in ECHO_TIMES_MS:
        take = (echo == time) & ((shape == BIPOLAR) | (b == 0))
        data = np.moveaxis(content["data"][take], 0, -1)[:, :, None, :]
        target = path.with_name(f"{path.stem}_bipolar_T{time}.nii.gz")
        save_image(nib.Nifti1Image(data, np.eye(4)), target)
        target.with_name(f"{path.stem}_bipolar_T{time}.bval").write_text(
            " ".join(map(str, b[take])) + "\n", encoding="utf-8"
        )
        yield target
    for key in ("mask", "rois"):
        target = path.with_name(f"{path.stem}_{key}.nii.gz")
        save_image(
            nib.Nifti1Image(np.rint(content[key]).astype(np.uint8)[:, :, None], np.eye(4)), target
        )
        yield target
