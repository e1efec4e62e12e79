"""What is believed of points that were not tried, or not trained to the end: a model of learning curves over a space.

`coordinates` turns points into numbers, `outcomes` reports into a scale, `gaussian_process` is the model, `expectation`
what is hoped for from a training, `belief` all of them together. Nothing here knows Ray, MLflow or a sweep.
"""
