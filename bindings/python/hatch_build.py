"""Puts libdecoupled.so and its backends into the wheel.

They are taken from the folder in DECOUPLED_BUILD_DIR, else from the checkout's `.build/release` or `.build/debug`,
whichever exists first. The package itself is plain Python, so that one wheel serves every Python 3.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LibraryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the shared objects to `decoupled/lib` of the wheel and sets its tag."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # An editable install loads the library from the checkout or from DECOUPLED_LIBRARY.
        if self.target_name != "wheel" or version == "editable":
            return
        folder = self.build_folder()
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-linux_x86_64"
        files = build_data["force_include"]
        files[str((folder / "libdecoupled.so").resolve())] = "decoupled/lib/libdecoupled.so"
        plugins = [*folder.glob("decoupled-backends/*.so"), *folder.glob("libdecoupled-backend-*.so")]
        for plugin in sorted({plugin.name: plugin for plugin in reversed(plugins)}.values()):
            files[str(plugin.resolve())] = f"decoupled/lib/decoupled-backends/{plugin.name}"
        for manifests in (folder / "decoupled-backends" / "foreign-manifests", folder / "foreign-manifests"):
            for manifest in sorted(manifests.glob("*.json")):
                target = f"decoupled/lib/decoupled-backends/foreign-manifests/{manifest.name}"
                files[str(manifest.resolve())] = target
        license_file = Path(self.root).parent.parent / "LICENSE"
        if license_file.is_file():
            files[str(license_file)] = "decoupled/LICENSE"

    def build_folder(self) -> Path:
        """The folder that holds libdecoupled.so."""
        named = os.environ.get("DECOUPLED_BUILD_DIR")
        checkout = Path(self.root).parent.parent
        places = [Path(named)] if named else [checkout / ".build" / kind for kind in ("release", "debug")]
        for place in places:
            if (place / "libdecoupled.so").is_file():
                return place
        raise FileNotFoundError(
            f"There is no libdecoupled.so in {' or '.join(map(str, places))}: build it with"
            " 'swift build -c release', or name the folder that holds it in DECOUPLED_BUILD_DIR."
        )
