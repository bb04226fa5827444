"""The deploy scripts run against stand-ins of docker and curl, and what was asked of these."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(__file__).parent / "bin"
COMPLETE = "webhook-complete.sh"
UPDATE = "update-webhook-images.sh"

API_1, API_2, NGINX = "aisha-webhook-api-1", "aisha-webhook-api-2", "aisha-nginx-webhook"
REGISTRY = "registry.test:5000"
SETTINGS = {
    "DATABASE_URL": "postgresql://tocsin@db/tocsin",
    "TOCSIN_SECRET_KEY": "'a key with a space'",
    "REGISTRY": REGISTRY,
}


class Machine:
    """A machine with docker, as far as the scripts can tell; `calls` is what they asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env_file = folder / "prod.env"
        self.write_settings(**SETTINGS)
        self.next_image("first")
        self.note("has-plugin")

    def write_settings(self, **settings: str) -> None:
        lines = [f"{name}={value}" for name, value in settings.items()]
        self.env_file.write_text("\n".join(lines) + "\n")

    def note(self, name: str, text: str = "") -> None:
        """Tell the stand-ins something, by a file."""
        (self.folder / name).write_text(text)

    def forget(self, name: str) -> None:
        (self.folder / name).unlink()

    def next_image(self, name: str) -> None:
        """What the next build gives."""
        self.note("next-image", name)

    def run(
        self, script: str, *options: str, env_file: bool = True
    ) -> subprocess.CompletedProcess[str]:
        named = ("--env-file", str(self.env_file)) if env_file else ()
        return subprocess.run(
            [ROOT / "scripts" / "deploy" / script, *named, *options],
            cwd=self.folder,
            env={
                "PATH": f"{BIN}:/usr/bin:/bin",
                "STATE": str(self.folder),
                "READY_LIMIT_S": "0",
                "LOOK_EVERY_S": "0",
            },
            capture_output=True,
            encoding="utf-8",
            timeout=20,
            check=False,
        )

    def done(self, script: str, *options: str) -> list[str]:
        """Run it well; gives what it asked of docker meanwhile."""
        before = len(self.calls())
        ended = self.run(script, *options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return self.calls()[before:]

    def calls(self) -> list[str]:
        """All that docker and curl were asked."""
        noted = self.folder / "calls"
        return noted.read_text().splitlines() if noted.exists() else []

    def running(self) -> dict[str, str]:
        """The image of each container that is there."""
        folder = self.folder / "containers"
        return {one.name: one.read_text().strip() for one in sorted(folder.glob("*"))}

    def image(self, name: str) -> str:
        """What a tag of the registry means on this machine."""
        return (self.folder / "images" / f"{REGISTRY}_{name}").read_text().strip()


def changes(calls: list[str]) -> list[str]:
    """Only what changed something, in few words."""
    words = ("build", "push", "pull", "tag", "network create", "stop", "rm", "exec")
    told = []
    for call in calls:
        _, _, rest = call.partition(" ")
        if " up " in call and call.startswith("docker "):
            told.append(f"up {rest.rpartition(' ')[2]}")
        elif rest.startswith(words) and call.startswith("docker "):
            told.append(" ".join(part for part in rest.split() if not part.startswith("-")))
    return told
