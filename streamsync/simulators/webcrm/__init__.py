"""The webCRM stand-in. `world.WebcrmWorld` is the whole of it; everything else here is its parts."""
