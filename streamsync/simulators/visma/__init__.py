"""The Visma.net stand-in: token endpoint, finance host v1/v2 and sales order service v3 behind one
handler.

`world.VismaWorld` is the whole of it. Facts come from visma-api.md; the shapes of bodies are declared
here again, on purpose apart from those of the daemon's client.
"""
