"""The simulated rig: a shipped product that stands in for robot, cameras and operator.

Physics, rendering and the scripted operator live in different processes and meet in the rig file:

    rig + seed ─► randomization.SceneParameters ─► scene.build_model   (same in every process)
    commands   ─► world.SimWorld ─► samples                            (physics, no graphics)
                      └► state_file.StateWriter ─► StateReader ─► camera.SimCameras ─► images
    rig + poses ─► operator.plan_pick_and_place ─► leader positions        (scripted operator)
"""
