"""The language in which a task says when it has worked: units, functions, syntax and parser.

    inside(cube, bin_inside) for 0.5 s
    height_above(cube, table) > 0.05 m within 10 s
    once (grasping() for 1 s) and moved(drawer) >= 12 cm

Every name is resolved and every quantity has its unit when a rig file is read; a mistake ends in
one message with the valid names. What the functions mean for recorded data is
`episodes.predicates`. Reference: docs/labels.md.
"""
