"""The stage that watches, as loops; each is done by one instance at a time."""

from tocsin.app.ground import Ground
from tocsin.app.loops import Loops, Step
from tocsin.edge.outbound import Outbound
from tocsin.ingest.sources import fal, github
from tocsin.store.files import FileStore
from tocsin.store.old_trainings import OldTrainings
from tocsin.watch.github_hooks import GithubHooks
from tocsin.watch.redelivery import Redelivery, RedeliveryFigures, SweepPlan
from tocsin.watch.result_files import ResultFiles
from tocsin.watch.running_long import LongRunningDeployments
from tocsin.watch.stalled import StalledDeployments
from tocsin.watch.trainings import SilentTrainings


def watch_loops(ground: Ground, files: FileStore, http: Outbound, options: fal.Options) -> Loops:
    """All of them; `http` goes to where FAL's `options` allow."""
    watched = (ground.database, ground.journal, ground.clock, ground.settings.watch)
    return (
        _alone(ground, "watch.stalled", StalledDeployments(*watched).step),
        _alone(ground, "watch.running_long", LongRunningDeployments(*watched).step),
        *_training_loops(ground, files, http, options),
        *_redelivery_loops(ground),
    )


def _alone(ground: Ground, name: str, step: Step) -> tuple[str, Step]:
    return name, ground.leases.alone(name, step)


def _training_loops(
    ground: Ground, files: FileStore, http: Outbound, options: fal.Options
) -> Loops:
    """What goes on after FAL's calls: asking after silent trainings, taking over their files."""
    settings, clock, registry = ground.settings, ground.clock, ground.registry
    silent = SilentTrainings(
        ground.database, ground.journal, clock, http, settings.watch, options, registry
    )
    results = ResultFiles(
        ground.database,
        files,
        http,
        clock,
        registry,
        hosts=options.allowed_hosts,
        max_bytes=settings.files.max_file_bytes,
    )
    old = OldTrainings(ground.database, files, clock, settings.retention)
    return (
        _alone(ground, "watch.trainings", silent.step),
        # Two, so that a slow file does not hold up all others; each file has a lease of its own.
        ("watch.files.1", results.step),
        ("watch.files.2", results.step),
        _alone(ground, "store.trainings", old.step),
    )


def _redelivery_loops(ground: Ground) -> Loops:
    """One for each of GitHub's set-ups that has a token of its own and hooks to look at."""
    settings, figures = ground.settings, RedeliveryFigures(ground.registry)
    plans: dict[SweepPlan, str] = {}
    for name, options in {
        "": settings.sources.get("github"),
        **settings.named_sources.get("github", {}),
    }.items():
        if isinstance(options, github.Options) and github.sweeps(options):
            # A named set-up that has all of it from the kind is looked at with that.
            plans.setdefault(_plan(options), name)
    return tuple(
        _alone(
            ground,
            f"watch.redelivery.{name}" if name else "watch.redelivery",
            _redelivery(ground, plan, figures).step,
        )
        for plan, name in plans.items()
    )


def _plan(options: github.Options) -> SweepPlan:
    return SweepPlan(
        api_url=options.api_url,
        api_networks=options.api_networks,
        api_token=options.api_token,
        every_s=options.sweep_every_s,
        owners=options.sweep_owners,
        hooks=options.sweep_hooks,
        host=options.sweep_host,
    )


def _redelivery(ground: Ground, plan: SweepPlan, figures: RedeliveryFigures) -> Redelivery:
    http = Outbound(plan.api_networks)
    ground.stack.push_async_callback(http.close)
    api = GithubHooks(http, ground.clock, plan.api_url, plan.api_token)
    return Redelivery(ground.database, api, plan, github.key_of, ground.clock, figures)
