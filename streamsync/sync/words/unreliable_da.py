"""What is said in Danish of a system whose answers do not fit (`store.doubts`); a variant for each sort of
doubt. Owned by `sync.reasons`."""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.sync.words.form import Words

UNRELIABLE: Mapping[str, Words] = MappingProxyType(
    {
        "unreliable": Words(
            "Svar, der ikke passer sammen",
            "Svarene fra [{side}|et system] om denne post passer ikke sammen, så intet sluttes af"
            " dem. Der spørges igen med mellemrum.",
            "Se på posten i begge systemer. Den går videre af sig selv, når svarene passer; prøv igen"
            " for at forsøge straks.",
        ),
        "unreliable/unkept": Words(
            "Siges at være ændret, men er det ikke",
            "Ændringen er gemt ifølge [{side}|det andet system], men posten viser stadig det, den"
            " viste før. Der prøves igen med mellemrum.",
            "Find ud af, hvad der hindrer, at ændringen gemmes. Den går videre af sig selv, når den"
            " er gemt; prøv igen for at forsøge straks.",
        ),
        "unreliable/absent": Words(
            "På listen, men siges ikke at findes",
            "Posten findes ikke ifølge [{side}|et system], selv om den stod på listen. Intet regnes"
            " for slettet; der prøves igen med mellemrum.",
            "Se efter, om posten findes. Hvis den er slettet, opdages det af sig selv.",
        ),
        "unreliable/other": Words(
            "En anden post vises",
            "En anden post end den, der blev spurgt efter, blev vist af [{side}|et system], så intet"
            " skrives. Der prøves igen med mellemrum.",
            "Meld det til systemets leverandør. Den går videre af sig selv, når den rette post vises.",
        ),
        "unreliable/moved": Words(
            "Afvist som ændret, men uændret",
            "Ændringen blev afvist af [{side}|det andet system], fordi posten var ændret imens, men"
            " den viser ingen ændring. Der prøves igen med mellemrum.",
            "Se på posten. Den går videre af sig selv, når svarene passer; prøv igen for at forsøge straks.",
        ),
        "unreliable/failing": Words(
            "Fejler hver gang",
            "Hvert forsøg på at ændre posten fejler i [{side}|det andet system] og ændrer intet. Der"
            " prøves igen med mellemrum.",
            "Se på posten dér. Den går videre af sig selv, når ændringen bliver gemt; prøv igen for"
            " at forsøge straks.",
        ),
        "unreliable/stale": Words(
            "En ældre tilstand vises",
            "En ældre tilstand af posten end før vises af [{side}|et system], så ændringen kan ikke"
            " bekræftes. Der prøves igen med mellemrum.",
            "Den går videre af sig selv, når den nuværende tilstand vises.",
        ),
        "unreliable/unseen": Words(
            "Siges at være oprettet, men findes ikke",
            "Posten er oprettet ifølge [{side}|det andet system], men den kan ikke findes dér. Den"
            " oprettes ikke en gang til af sig selv.",
            "Søg efter den dér. Findes den, tilknyttes den af sig selv, når den kommer på listen;"
            " ellers prøv igen.",
        ),
    }
)
